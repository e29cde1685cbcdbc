#include <gmock/gmock.h>

#include "io/tcp_port.hpp"
#include "unit/io/tcp_fixture.hpp"
#include "unit/io/tls_socket.hpp"

namespace porthole::io {
namespace {

using test::ip;
using test::TcpClient;
using test::TlsSocket;
using test::turn_greeting;
using testing::ElementsAre;

class HostileTlsClient : public test::TcpFixture {
 protected:
  void listen(const TcpOptions& options = {}) {
    test::TcpFixture::listen(options);
    port_->use_tls(crypto::test::make_tls_context());
  }

  ConnectionId greet(TlsSocket& client) {
    EXPECT_TRUE(run_until([&] { return client.connected(); }));
    streams_.last = ConnectionId::none;
    client.say(turn_greeting());
    EXPECT_TRUE(run_until([&] { return streams_.last != ConnectionId::none; }));
    return streams_.last;
  }

  // Closes with a reset.
  static void abort(std::unique_ptr<TlsSocket> client) {
    const linger abort{.l_onoff = 1, .l_linger = 0};
    setsockopt(client->tcp.fd(), SOL_SOCKET, SO_LINGER, &abort, sizeof abort);
  }
};

// What a client does before it is known what it wants: nothing at all, half a ClientHello, a handshake that
// stops in the middle, and one that is complete with nothing behind.
TEST_F(HostileTlsClient, IsClosedWhereverItStalls) {
  listen({.first_bytes_timeout = 50ms, .tls_timeout = 100ms, .http = {}});
  TcpClient silent(address_);
  TcpClient one_byte(address_);
  one_byte.send("\x16");
  TlsSocket half(address_);
  const std::string hello = half.tls.take();
  half.tcp.send(hello.substr(0, hello.size() / 2));
  TlsSocket stalled(address_);
  stalled.flush();
  TlsSocket mute(address_);
  const Instant start = EventLoop::now();
  ASSERT_TRUE(run_until([&] { return mute.connected(); }));
  EXPECT_TRUE(run_until([&] {
    return silent.ended() && one_byte.ended() && half.tcp.ended() && stalled.tcp.ended() && mute.tcp.ended();
  }));
  EXPECT_GE(EventLoop::now() - start, 90ms);
  EXPECT_EQ(port_->connections(), 0U);
  EXPECT_TRUE(streams_.closed.empty());
  EXPECT_FALSE(stalled.tcp.received().empty());
}

TEST_F(HostileTlsClient, GainsNoTimeByOneByteAtATime) {
  listen({.tls_timeout = 200ms, .http = {}});
  TlsSocket client(address_);
  const std::string hello = client.tls.take();
  const Instant start = EventLoop::now();
  for (std::size_t i = 0; i < hello.size() && !client.tcp.ended(); ++i) {
    client.tcp.send(hello.substr(i, 1));
    test::run_for(loop_, 10ms);
  }
  EXPECT_TRUE(client.tcp.ended());
  EXPECT_LT(EventLoop::now() - start, 2s);
}

TEST_F(HostileTlsClient, GainsNoTimeByOneByteOfItsRequestAtATime) {
  listen({.http = {.request = 200ms}});
  TlsSocket client(address_);
  ASSERT_TRUE(run_until([&] { return client.connected(); }));
  const std::string request = "GET /" + std::string(2000, 'x');
  for (std::size_t i = 0; i < request.size() && !client.tcp.ended(); ++i) {
    client.say(request.substr(i, 1));
    test::run_for(loop_, 10ms);
  }
  EXPECT_THAT(client.heard(), testing::StartsWith("HTTP/1.1 408"));
}

TEST_F(HostileTlsClient, FallsSilentAndIsClosedAsAnyStream) {
  listen({.stream_idle_timeout = 100ms, .http = {}});
  TlsSocket client(address_);
  const ConnectionId connection = greet(client);
  EXPECT_TRUE(send_to(connection, "answer"));
  EXPECT_TRUE(run_until([&] { return client.tcp.ended(); }));
  EXPECT_THAT(streams_.closed, ElementsAre(connection));
}

TEST_F(HostileTlsClient, ThatDoesNotReadLosesWholeBatchesAndResumesWithGenuineRecords) {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    listen({.max_queued_bytes = 200'000, .http = {}});
    TlsSocket lazy(address_, {.version = version});
    const ConnectionId lazy_id = greet(lazy);
    TlsSocket eager(address_);
    const ConnectionId eager_id = greet(eager);
    std::string expected;
    int dropped = 0;
    for (int i = 0; i < 300; ++i) {
      const std::string text = std::to_string(i) + std::string(50'000, static_cast<char>('a' + i % 26)) + ";";
      if (send_to(lazy_id, text)) {
        expected += text;
      } else {
        ++dropped;
      }
    }
    EXPECT_GT(dropped, 50);
    EXPECT_TRUE(send_to(eager_id, "not hurt"));
    EXPECT_TRUE(run_until([&] { return eager.heard() == "not hurt"; }));
    EXPECT_TRUE(run_until([&] { return lazy.heard().size() >= expected.size(); }));
    EXPECT_EQ(lazy.heard(), expected);
    EXPECT_TRUE(send_to(lazy_id, "welcome back"));
    EXPECT_TRUE(run_until([&] { return lazy.heard().ends_with("welcome back"); }));
    EXPECT_FALSE(lazy.tls.failed());
    EXPECT_TRUE(streams_.closed.empty());
  }
}

TEST_F(HostileTlsClient, GetsTheAnswerToAKeyUpdateEvenThroughAFullQueue) {
  listen({.max_queued_bytes = 200'000, .http = {}});
  TlsSocket lazy(address_);
  const ConnectionId connection = greet(lazy);
  std::string expected;
  const std::string text(10'000, 'x');
  while (send_to(connection, text)) expected += text;
  SSL_key_update(lazy.tls.ssl(), SSL_KEY_UPDATE_REQUESTED);
  SSL_do_handshake(lazy.tls.ssl());
  lazy.say("new keys");
  ASSERT_TRUE(run_until([&] { return streams_.received[connection] == turn_greeting() + "new keys"; }));
  EXPECT_TRUE(run_until([&] { return lazy.heard() == expected; }));
  EXPECT_TRUE(send_to(connection, "understood"));
  EXPECT_TRUE(run_until([&] { return lazy.heard() == expected + "understood"; }));
  EXPECT_FALSE(lazy.tls.failed());
}

TEST_F(HostileTlsClient, ThatMakesTlsSpeakWithoutReadingIsGivenUp) {
  listen({.max_queued_bytes = 10'000, .http = {}});
  TlsSocket client(address_);
  const ConnectionId connection = greet(client);
  // Something that the kernel cannot take whole, so that there is a queue.
  while (send_to(connection, std::string(9'000, 'x'))) {
  }
  // RFC 8446 section 4.6.3: each of them wants an answer.
  for (int i = 0; i < 5'000 && streams_.closed.empty(); ++i) {
    SSL_key_update(client.tls.ssl(), SSL_KEY_UPDATE_REQUESTED);
    SSL_do_handshake(client.tls.ssl());
    client.flush();
    if (i % 50 == 0) test::run_for(loop_, 0ms);
  }
  EXPECT_TRUE(run_until([&] { return !streams_.closed.empty(); }));
}

TEST_F(HostileTlsClient, ThatResetsInTheMiddleOfARecordOrAHandshakeLeavesNothingBehind) {
  listen();
  auto in_record = std::make_unique<TlsSocket>(address_);
  const ConnectionId connection = greet(*in_record);
  in_record->tls.say("never whole");
  const std::string record = in_record->tls.take();
  in_record->tcp.send(record.substr(0, record.size() / 2));
  auto in_handshake = std::make_unique<TlsSocket>(address_);
  in_handshake->flush();
  ASSERT_TRUE(run_until([&] { return port_->connections() == 2; }));
  test::run_for(loop_, 20ms);
  abort(std::move(in_record));
  abort(std::move(in_handshake));
  EXPECT_TRUE(run_until([&] { return port_->connections() == 0; }));
  EXPECT_EQ(streams_.received[connection], turn_greeting());
  EXPECT_THAT(streams_.closed, ElementsAre(connection));
}

TEST_F(HostileTlsClient, ThatSendsADamagedRecordIsClosedWithAnAlertAndItsHandlerIsTold) {
  listen();
  TlsSocket client(address_);
  const ConnectionId connection = greet(client);
  client.tls.say("damaged");
  std::string record = client.tls.take();
  record.back() = static_cast<char>(record.back() ^ 1);
  client.tcp.send(record);
  EXPECT_TRUE(run_until([&] { return client.tcp.ended(); }));
  client.exchange();
  EXPECT_THAT(client.tls.problem(), testing::HasSubstr("bad record mac"));
  EXPECT_EQ(streams_.received[connection], turn_greeting());
  EXPECT_THAT(streams_.closed, ElementsAre(connection));
}

TEST_F(HostileTlsClient, MayBeClosedWhileItsRecordsAreHandled) {
  listen();
  TlsSocket client(address_);
  const ConnectionId connection = greet(client);
  streams_.on_data = [this](const FiveTuple& path) { port_->close(path.connection); };
  client.tls.say("one");
  client.tls.say("two");
  client.flush();
  EXPECT_TRUE(run_until([&] { return client.tcp.ended(); }));
  EXPECT_EQ(streams_.received[connection], turn_greeting() + "one");
}

// Idle ones of every kind, in the same bounds as in clear.
TEST_F(HostileTlsClient, CountsAsAnyConnectionAgainstTheLimits) {
  constexpr std::size_t kLimit = 60;
  listen({.quota = std::make_shared<PlainQuota<IpAddress>>(QuotaLimits{kLimit, kLimit / 2}), .http = {}});
  std::vector<std::unique_ptr<TlsSocket>> idle;
  std::vector<std::unique_ptr<TcpClient>> clear;
  for (std::size_t i = 0; i < kLimit / 2; ++i) {
    idle.push_back(std::make_unique<TlsSocket>(address_));
    idle.back()->flush();
    clear.push_back(std::make_unique<TcpClient>(address_, ip("127.0.0.2")));
  }
  ASSERT_TRUE(run_until([&] { return port_->connections() == kLimit; }));
  ASSERT_TRUE(run_until(
      [&] { return std::ranges::all_of(idle, [](const auto& client) { return client->connected(); }); }));
  TlsSocket one_too_many(address_);
  TcpClient from_elsewhere(address_, ip("127.0.0.3"));
  EXPECT_TRUE(run_until([&] { return one_too_many.tcp.ended() && from_elsewhere.ended(); }));
  EXPECT_EQ(port_->connections(), kLimit);
  greet(*idle.front());
  idle.pop_back();
  ASSERT_TRUE(run_until([&] { return port_->connections() == kLimit - 1; }));
  TlsSocket instead(address_);
  greet(instead);
}

}  // namespace
}  // namespace porthole::io
