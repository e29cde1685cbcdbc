#include "io/tcp_port.hpp"

#include <gmock/gmock.h>
#include <sys/resource.h>

#include "unit/io/tcp_fixture.hpp"
#include "wire/first_bytes.hpp"

namespace porthole::io {
namespace {

using test::ip;
using test::TcpClient;
using test::turn_greeting;
using testing::ElementsAre;

using TcpPortTest = test::TcpFixture;

TEST_F(TcpPortTest, HandsAStreamOverFromItsVeryFirstByte) {
  listen();
  TcpClient client(address_);
  const ConnectionId connection = greet(client);
  EXPECT_EQ(streams_.received[connection], turn_greeting());
  client.send("and more");
  ASSERT_TRUE(run_until([&] { return streams_.received[connection] == turn_greeting() + "and more"; }));
  const FiveTuple& path = streams_.paths[connection];
  EXPECT_EQ(path.transport, Transport::tcp);
  EXPECT_EQ(path.local, address_);
  EXPECT_EQ(path.remote, client.local());
}

TEST_F(TcpPortTest, RecognisesClientsThatSendByteByByte) {
  listen();
  const std::string request = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
  TcpClient turn(address_);
  TcpClient browser(address_);
  for (std::size_t i = 0; i < request.size(); ++i) {
    if (i < turn_greeting().size()) turn.send(turn_greeting().substr(i, 1));
    browser.send(request.substr(i, 1));
    test::run_for(loop_, 2ms);
  }
  EXPECT_TRUE(run_until([&] { return streams_.received[streams_.last] == turn_greeting(); }));
  EXPECT_TRUE(run_until([&] { return browser.received().ends_with("page /"); }));
}

// Whoever takes the stream tells ICE-TCP from TURN by what the first call brings.
TEST_F(TcpPortTest, HandsIceTcpOverOnceItsFirstBytesSayThatItIs) {
  listen();
  const std::string greeting = std::string("\x00\x14", 2) + turn_greeting();
  std::string first;
  streams_.on_data = [&](const FiveTuple& path) {
    if (first.empty()) first = streams_.received[path.connection];
  };
  TcpClient client(address_);
  for (const char byte : greeting) {
    client.send({&byte, 1});
    test::run_for(loop_, 2ms);
  }
  ASSERT_TRUE(run_until([&] { return streams_.received[streams_.last] == greeting; }));
  EXPECT_EQ(wire::classify_stream(as_bytes(first)), wire::StreamKind::ice_tcp);
}

TEST_F(TcpPortTest, ClosesWhatShowsNothingKnown) {
  listen();
  for (const std::string_view text : {"SSH-2.0-OpenSSH_9.2\r\n", "\x16\x03\x01\x02", "\xff"}) {
    TcpClient client(address_);
    client.send(text);
    EXPECT_TRUE(run_until([&] { return client.ended(); })) << text;
  }
  EXPECT_EQ(port_->connections(), 0u);
  EXPECT_TRUE(streams_.closed.empty());
}

TEST_F(TcpPortTest, ClosesWhatStaysSilentOrNeverFinishesItsFirstBytes) {
  listen({.first_bytes_timeout = 50ms, .http = {}});
  TcpClient silent(address_);
  TcpClient slow(address_);
  slow.send("GE");
  const Instant start = EventLoop::now();
  EXPECT_TRUE(run_until([&] { return silent.ended() && slow.ended(); }));
  EXPECT_GE(EventLoop::now() - start, 45ms);
}

TEST_F(TcpPortTest, ClosesStreamsThatFellSilentAndTellsTheHandler) {
  listen({.stream_idle_timeout = 200ms, .http = {}});
  TcpClient idle(address_);
  const ConnectionId idle_id = greet(idle);
  send_to(idle_id, "answer");
  TcpClient alive(address_);
  send_to(greet(alive), "answer");
  for (int i = 0; i < 10; ++i) {
    alive.send("x");
    test::run_for(loop_, 40ms);
  }
  EXPECT_TRUE(idle.ended());
  EXPECT_FALSE(alive.ended());
  EXPECT_THAT(streams_.closed, ElementsAre(idle_id));
}

TEST_F(TcpPortTest, TellsWhenAClientLeaves) {
  listen();
  auto client = std::make_unique<TcpClient>(address_);
  const ConnectionId connection = greet(*client);
  client.reset();
  EXPECT_TRUE(run_until([&] { return !streams_.closed.empty(); }));
  EXPECT_THAT(streams_.closed, ElementsAre(connection));
  EXPECT_FALSE(send_to(connection, "too late"));
  EXPECT_EQ(port_->connections(), 0u);
}

TEST_F(TcpPortTest, TellsOfAResetOnceAndNotFromInsideSend) {
  listen();
  auto client = std::make_unique<TcpClient>(address_);
  const ConnectionId connection = greet(*client);
  const linger abort{.l_onoff = 1, .l_linger = 0};
  setsockopt(client->fd(), SOL_SOCKET, SO_LINGER, &abort, sizeof abort);
  client.reset();
  for (int i = 0; i < 3; ++i) send_to(connection, "anybody?");
  EXPECT_TRUE(streams_.closed.empty());
  EXPECT_TRUE(run_until([&] { return port_->connections() == 0; }));
  EXPECT_THAT(streams_.closed, ElementsAre(connection));
}

TEST_F(TcpPortTest, IsSilentAboutConnectionsThatItsOwnerCloses) {
  listen();
  TcpClient client(address_);
  port_->close(greet(client));
  EXPECT_TRUE(run_until([&] { return client.ended(); }));
  EXPECT_TRUE(streams_.closed.empty());
  port_->close(streams_.last);
  port_->close(ConnectionId{12345});
}

TEST_F(TcpPortTest, MayCloseAConnectionWhileItsBytesAreHandled) {
  listen();
  streams_.on_data = [this](const FiveTuple& path) { port_->close(path.connection); };
  TcpClient client(address_);
  greet(client);
  EXPECT_TRUE(run_until([&] { return client.ended(); }));
}

TEST_F(TcpPortTest, NeverUsesAConnectionNumberAgain) {
  listen();
  std::vector<ConnectionId> ids;
  for (int i = 0; i < 5; ++i) {
    TcpClient client(address_);
    ids.push_back(greet(client));
  }
  EXPECT_TRUE(std::ranges::is_sorted(ids));
  EXPECT_EQ(std::ranges::adjacent_find(ids), ids.end());
  EXPECT_NE(ids.front(), ConnectionId::none);
}

TEST_F(TcpPortTest, DropsWholeBatchesForAClientThatDoesNotReadAndKeepsItAndTheOthers) {
  listen({.max_queued_bytes = 200'000, .http = {}});
  TcpClient lazy(address_);
  const ConnectionId lazy_id = greet(lazy);
  TcpClient eager(address_);
  const ConnectionId eager_id = greet(eager);
  std::string expected;
  int dropped = 0;
  for (int i = 0; i < 300; ++i) {
    // Batches that can be told apart, so that a hole inside one would show.
    const std::string text = std::to_string(i) + std::string(50'000, static_cast<char>('a' + i % 26)) + ";";
    if (send_to(lazy_id, text)) {
      expected += text;
    } else {
      ++dropped;
    }
  }
  EXPECT_GT(dropped, 50);
  EXPECT_TRUE(send_to(eager_id, "not hurt"));
  EXPECT_TRUE(run_until([&] { return eager.received() == "not hurt"; }));
  EXPECT_TRUE(run_until([&] { return lazy.received().size() >= expected.size(); }));
  EXPECT_EQ(lazy.received(), expected);
  EXPECT_TRUE(send_to(lazy_id, "welcome back"));
  EXPECT_TRUE(run_until([&] { return lazy.received().ends_with("welcome back"); }));
  EXPECT_TRUE(streams_.closed.empty());
}

TEST_F(TcpPortTest, RefusesConnectionsAboveItsLimits) {
  listen({.quota = std::make_shared<PlainQuota<IpAddress>>(QuotaLimits{3, 2}), .http = {}});
  TcpClient first(address_, ip("127.0.0.1"));
  TcpClient second(address_, ip("127.0.0.1"));
  ASSERT_TRUE(run_until([&] { return port_->connections() == 2; }));
  TcpClient same_address(address_, ip("127.0.0.1"));
  EXPECT_TRUE(run_until([&] { return same_address.ended(); }));
  TcpClient other_address(address_, ip("127.0.0.5"));
  ASSERT_TRUE(run_until([&] { return port_->connections() == 3; }));
  TcpClient one_too_many(address_, ip("127.0.0.6"));
  EXPECT_TRUE(run_until([&] { return one_too_many.ended(); }));
  port_->close(ConnectionId{1});
  TcpClient again(address_, ip("127.0.0.1"));
  EXPECT_TRUE(run_until([&] { return port_->connections() == 3; }));
  EXPECT_FALSE(again.ended());
}

TEST_F(TcpPortTest, ShowsIpv4ClientsOfADualStackListenerAsIpv4) {
  const OwnedFd probe(socket(AF_INET6, SOCK_STREAM, 0));
  if (probe.get() < 0) GTEST_SKIP() << "no IPv6 on this machine";
  listen({}, "::");
  TcpClient client({ip("127.0.0.3"), address_.port});
  const FiveTuple path = streams_.paths[greet(client)];
  EXPECT_EQ(path.local, (SocketAddress{ip("127.0.0.3"), address_.port}));
  EXPECT_EQ(path.remote, client.local());
}

TEST_F(TcpPortTest, ShutsDownEverythingAndLetsTheLoopEnd) {
  listen();
  TcpClient stream(address_);
  const ConnectionId connection = greet(stream);
  TcpClient silent(address_);
  ASSERT_TRUE(run_until([&] { return port_->connections() == 2; }));
  port_->shut_down();
  EXPECT_EQ(port_->connections(), 0u);
  EXPECT_THAT(streams_.closed, ElementsAre(connection));
  const Instant start = EventLoop::now();
  loop_.stop_when_idle();
  loop_.run();
  EXPECT_LT(EventLoop::now() - start, 1s);
  EXPECT_TRUE(stream.ended() && silent.ended());
  TcpClient late(address_);
  late.send("x");
  EXPECT_TRUE(late.ended());
}

// Uses up all file numbers but `spare`, until it goes.
class FewFiles {
 public:
  explicit FewFiles(rlim_t spare) {
    getrlimit(RLIMIT_NOFILE, &before_);
    const OwnedFd next(dup(0));
    rlimit few = before_;
    few.rlim_cur = static_cast<rlim_t>(next.get()) + spare;
    setrlimit(RLIMIT_NOFILE, &few);
  }
  ~FewFiles() { setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

TEST_F(TcpPortTest, WaitsForFilesInsteadOfSpinningWhenThereAreNone) {
  listen();
  TcpClient first(address_);
  ASSERT_TRUE(run_until([&] { return port_->connections() == 1; }));
  TcpClient waiting(address_);
  rusage before{};
  rusage after{};
  {
    const FewFiles none(0);
    // Nothing else in the loop, so that hardly any work is what is expected, however busy the machine is.
    Timer stop(loop_, [this] { loop_.stop(); });
    stop.arm(EventLoop::now() + 400ms);
    getrusage(RUSAGE_SELF, &before);
    loop_.run();
    getrusage(RUSAGE_SELF, &after);
    EXPECT_EQ(port_->connections(), 1u);
  }
  const auto used = [](const rusage& usage) {
    return std::chrono::seconds(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           std::chrono::microseconds(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
  };
  EXPECT_LT(used(after) - used(before), 20ms);
  EXPECT_TRUE(run_until([&] { return port_->connections() == 2; }));
}

}  // namespace
}  // namespace porthole::io
