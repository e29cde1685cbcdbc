#include "io/one_port.hpp"

#include <gmock/gmock.h>
#include <unistd.h>

#include "unit/io/tcp_fixture.hpp"

namespace porthole::io {
namespace {

using test::ip;
using testing::HasSubstr;

struct Nobody : UdpHandler {
  void on_datagrams(std::span<const Datagram>) override {}
  void on_writable() override {}
};

class OnePortTest : public testing::Test {
 protected:
  struct Instance {
    explicit Instance(EventLoop& loop) : tcp(loop, streams, pages) {}
    Nobody nobody;
    test::Streams streams;
    test::Pages pages;
    TcpPort tcp;
  };

  EventLoop loop_;
  Instance first_{loop_};
  Instance second_{loop_};
};

TEST_F(OnePortTest, OpensUdpAndTcpOnTheSameNumber) {
  const auto udp = open_one_port(loop_, {ip("127.0.0.1"), 0}, first_.nobody, first_.tcp);
  ASSERT_TRUE(udp.ok()) << udp.error();
  test::TcpClient client((*udp)->local());
  EXPECT_TRUE(test::run_until(loop_, [&] { return first_.tcp.connections() == 1; }));
}

TEST_F(OnePortTest, TellsASecondInstanceThatThePortIsInUse) {
  const auto udp = open_one_port(loop_, {ip("127.0.0.1"), 0}, first_.nobody, first_.tcp);
  ASSERT_TRUE(udp.ok()) << udp.error();
  const std::string text = "port " + std::to_string((*udp)->local_port()) +
                           " is in use by another program; choose another with --port";
  for (const std::string_view address : {"127.0.0.1", "0.0.0.0"}) {
    const SocketAddress taken{ip(address), (*udp)->local_port()};
    const auto again = open_one_port(loop_, taken, second_.nobody, second_.tcp);
    ASSERT_FALSE(again.ok());
    EXPECT_EQ(again.error(), text);
    const auto tcp = second_.tcp.listen(taken);
    ASSERT_FALSE(tcp.ok());
    EXPECT_EQ(tcp.error(), text);
  }
}

TEST_F(OnePortTest, MayBeOpenedAgainRightAfterConnectionsEnded) {
  SocketAddress address;
  {
    Instance earlier(loop_);
    const auto udp = open_one_port(loop_, {ip("127.0.0.1"), 0}, earlier.nobody, earlier.tcp);
    ASSERT_TRUE(udp.ok());
    address = (*udp)->local();
    test::TcpClient client(address);
    ASSERT_TRUE(test::run_until(loop_, [&] { return earlier.tcp.connections() == 1; }));
    earlier.tcp.shut_down();
    EXPECT_TRUE(client.ended());
  }
  const auto udp = open_one_port(loop_, address, second_.nobody, second_.tcp);
  EXPECT_TRUE(udp.ok()) << udp.error();
}

TEST_F(OnePortTest, SaysThatAnAddressBelongsToAnotherMachine) {
  const auto udp = open_one_port(loop_, {ip("192.0.2.9"), 0}, first_.nobody, first_.tcp);
  ASSERT_FALSE(udp.ok());
  EXPECT_EQ(udp.error(), "address 192.0.2.9 is not on this machine");
}

TEST_F(OnePortTest, SaysHowToUseAPrivilegedPort) {
  EXPECT_THAT(explain_open_error(EACCES, {ip("0.0.0.0"), 443}),
              AllOf(HasSubstr("port 443 needs privileges"), HasSubstr("CAP_NET_BIND_SERVICE")));
  if (geteuid() == 0) GTEST_SKIP() << "this user may open every port";
  const auto udp = open_one_port(loop_, {ip("127.0.0.1"), 1}, first_.nobody, first_.tcp);
  if (udp.ok()) GTEST_SKIP() << "this machine lets everybody open low ports";
  EXPECT_THAT(udp.error(), HasSubstr("port 1 needs privileges"));
}

TEST_F(OnePortTest, ExplainsWhatElseCanGoWrong) {
  EXPECT_THAT(explain_open_error(EAFNOSUPPORT, {ip("::"), 8443}), HasSubstr("no IPv6"));
  EXPECT_THAT(explain_open_error(EMFILE, {ip("::"), 8443}), HasSubstr("ulimit -n"));
  EXPECT_THAT(explain_open_error(EIO, {ip("::1"), 8443}), HasSubstr("[::1]:8443"));
}

TEST_F(OnePortTest, ListensOnEveryAddressOfTheMachine) {
  const SocketAddress any = any_address(0);
  EXPECT_TRUE(any.ip.is_unspecified());
  const auto udp = open_one_port(loop_, any, first_.nobody, first_.tcp);
  ASSERT_TRUE(udp.ok()) << udp.error();
  test::TcpClient client({ip("127.0.0.1"), (*udp)->local_port()});
  EXPECT_TRUE(test::run_until(loop_, [&] { return first_.tcp.connections() == 1; }));
}

}  // namespace
}  // namespace porthole::io
