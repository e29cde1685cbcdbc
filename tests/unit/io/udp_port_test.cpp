#include "io/udp_port.hpp"

#include <gmock/gmock.h>
#include <netinet/udp.h>

#include "io/one_port.hpp"
#include "unit/io/loopback.hpp"

namespace porthole::io {
namespace {

using test::ip;
using test::run_until;
using test::UdpClient;
using testing::Each;
using testing::SizeIs;

struct Arrivals : UdpHandler {
  void on_datagrams(std::span<const Datagram> datagrams) override {
    for (const Datagram& datagram : datagrams) {
      paths.push_back(datagram.path);
      texts.emplace_back(as_text(datagram.bytes));
    }
  }
  void on_writable() override {}

  std::vector<FiveTuple> paths;
  std::vector<std::string> texts;
};

class UdpPortTest : public testing::Test {
 protected:
  std::unique_ptr<UdpPort> open(std::string_view listen, const UdpOptions& options = {}) {
    auto port = UdpPort::open(loop_, {ip(listen), 0}, arrivals_, options);
    EXPECT_TRUE(port.ok()) << port.error();
    return std::move(*port);
  }

  static void fill(TransmitBatch& batch, const FiveTuple& to, std::size_t segment_size, std::size_t size) {
    batch.to = to;
    batch.segment_size = segment_size;
    batch.size = size;
    for (std::size_t i = 0; i < size; ++i) batch.buffer[i] = static_cast<std::uint8_t>(i / segment_size);
  }

  // What a client gets of a batch of 40 segments of 1,200 bytes and one of 300.
  void expect_segments(UdpPort& port) {
    UdpClient client({ip("127.0.0.1"), port.local_port()});
    fill(batch_, {.local = {}, .remote = client.local()}, 1200, 40 * 1200 + 300);
    EXPECT_EQ(port.send(batch_), UdpPort::Sent::sent);
    EXPECT_TRUE(run_until(loop_, [&] { return client.received().size() == 41; })) << client.received().size();
    for (std::size_t i = 0; i < client.received().size(); ++i) {
      EXPECT_EQ(client.received()[i], std::string(i < 40 ? 1200 : 300, static_cast<char>(i)));
    }
  }

  EventLoop loop_;
  Arrivals arrivals_;
  TransmitBatch batch_;
};

TEST_F(UdpPortTest, SendsABatchAsEqualSegments) {
  const auto port = open("127.0.0.1");
  EXPECT_TRUE(port->segmentation_offload());
  expect_segments(*port);
  EXPECT_TRUE(port->segmentation_offload());
}

TEST_F(UdpPortTest, SendsTheSameSegmentsWithoutOffload) {
  const auto port = open("127.0.0.1", {.segmentation_offload = false});
  EXPECT_FALSE(port->segmentation_offload());
  expect_segments(*port);
}

TEST_F(UdpPortTest, SendsSegmentsOneByOneWhereTheKernelRefusesToCut) {
  const auto port = open("127.0.0.1");
  // Linux does not segment for sockets that send no checksums: a refusal that needs no special hardware.
  ASSERT_TRUE(set_option(port->native_handle(), SOL_SOCKET, SO_NO_CHECK, 1));
  expect_segments(*port);
}

TEST_F(UdpPortTest, ReportsTheLocalAddressThatWasHitAndAnswersFromIt) {
  const auto port = open("0.0.0.0");
  UdpClient client({ip("127.0.0.2"), port->local_port()});
  client.send("hello");
  ASSERT_TRUE(run_until(loop_, [&] { return arrivals_.paths.size() == 1; }));
  const FiveTuple& path = arrivals_.paths[0];
  EXPECT_EQ(path.local, (SocketAddress{ip("127.0.0.2"), port->local_port()}));
  EXPECT_EQ(path.remote, client.local());
  EXPECT_EQ(path.transport, Transport::udp);
  EXPECT_EQ(path.connection, ConnectionId::none);
  // The client's socket is connected, so only an answer from 127.0.0.2 reaches it.
  fill(batch_, path, 5, 10);
  EXPECT_EQ(port->send(batch_), UdpPort::Sent::sent);
  EXPECT_TRUE(run_until(loop_, [&] { return client.received().size() == 2; }));
}

TEST_F(UdpPortTest, ShowsIpv4ClientsOfADualStackSocketAsIpv4) {
  const SocketAddress any = any_address(0);
  if (any.ip.is_v4()) GTEST_SKIP() << "no IPv6 on this machine";
  const auto port = open("::");
  UdpClient v4({ip("127.0.0.2"), port->local_port()});
  UdpClient v6({ip("::1"), port->local_port()});
  if (!v6.connected()) GTEST_SKIP() << "no IPv6 loopback on this machine";
  v4.send("four");
  ASSERT_TRUE(run_until(loop_, [&] { return arrivals_.paths.size() == 1; }));
  v6.send("six");
  ASSERT_TRUE(run_until(loop_, [&] { return arrivals_.paths.size() == 2; }));
  EXPECT_EQ(arrivals_.paths[0].local.ip, ip("127.0.0.2"));
  EXPECT_EQ(arrivals_.paths[0].remote, v4.local());
  EXPECT_EQ(arrivals_.paths[1].local.ip, ip("::1"));
  EXPECT_EQ(arrivals_.paths[1].remote, v6.local());
  for (const FiveTuple& path : arrivals_.paths) {
    fill(batch_, path, 100, 250);
    EXPECT_EQ(port->send(batch_), UdpPort::Sent::sent);
  }
  EXPECT_TRUE(run_until(loop_, [&] { return v4.received().size() == 3 && v6.received().size() == 3; }));
}

TEST_F(UdpPortTest, DeliversABurstInOrder) {
  const auto port = open("127.0.0.1");
  UdpClient client(port->local());
  for (int i = 0; i < 1000; ++i) client.send(std::to_string(i));
  ASSERT_TRUE(run_until(loop_, [&] { return arrivals_.texts.size() == 1000; })) << arrivals_.texts.size();
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(arrivals_.texts[static_cast<std::size_t>(i)], std::to_string(i));
}

TEST_F(UdpPortTest, TakesTheLongestDatagramAndAnEmptyOne) {
  const auto port = open("127.0.0.1");
  UdpClient client(port->local());
  client.send(std::string(kMaxDatagram, 'a'));
  client.send("");
  ASSERT_TRUE(run_until(loop_, [&] { return arrivals_.texts.size() == 2; }));
  EXPECT_EQ(arrivals_.texts[0], std::string(kMaxDatagram, 'a'));
  EXPECT_EQ(arrivals_.texts[1], "");
}

// On loopback the kernel does not cut what is sent at once, but hands it over as it is.
TEST_F(UdpPortTest, CutsWhatComesInOnePieceIntoTheDatagramsThatItWas) {
  const auto port = open("127.0.0.1");
  UdpClient client(port->local());
  ASSERT_TRUE(set_option(client.fd(), IPPROTO_UDP, UDP_SEGMENT, 1000));
  client.send(std::string(1000, 'a') + std::string(1000, 'b') + std::string(1000, 'c') + "end");
  client.send("alone");
  ASSERT_TRUE(run_until(loop_, [&] { return arrivals_.texts.size() == 5; }));
  const std::vector<std::string> sent{std::string(1000, 'a'), std::string(1000, 'b'), std::string(1000, 'c'),
                                      "end", "alone"};
  EXPECT_EQ(arrivals_.texts, sent);
  EXPECT_THAT(arrivals_.paths, Each(arrivals_.paths[0]));
}

TEST_F(UdpPortTest, KeepsReceivingAfterSendsThatMeetNobody) {
  const auto port = open("127.0.0.1");
  SocketAddress nobody;
  {
    UdpClient short_lived(port->local());
    nobody = short_lived.local();
  }
  for (int i = 0; i < 10; ++i) {
    fill(batch_, {.local = {}, .remote = nobody}, 100, 500);
    EXPECT_EQ(port->send(batch_), UdpPort::Sent::sent);
  }
  UdpClient client(port->local());
  client.send("still there?");
  EXPECT_TRUE(run_until(loop_, [&] { return arrivals_.texts.size() == 1; }));
}

TEST_F(UdpPortTest, DropsWhatHasNoWayOut) {
  const auto port = open("127.0.0.1");
  fill(batch_, {.local = {}, .remote = {ip("2001:db8::1"), 9}}, 100, 250);
  EXPECT_EQ(port->send(batch_), UdpPort::Sent::dropped);
  EXPECT_EQ(port->counters().unsendable, 3u);
  fill(batch_, {.local = {ip("192.0.2.200"), 1}, .remote = {ip("127.0.0.1"), 9}}, 100, 250);
  EXPECT_EQ(port->send(batch_), UdpPort::Sent::dropped);
  EXPECT_EQ(port->counters().unsendable, 6u);
  EXPECT_TRUE(port->segmentation_offload());
}

TEST_F(UdpPortTest, MayGoWhileItsLoopLivesOn) {
  open("127.0.0.1").reset();
  test::run_for(loop_, 5ms);
}

}  // namespace
}  // namespace porthole::io
