// The PROXY protocol on the one port: who may announce others, and what that changes.
#include <gmock/gmock.h>

#include "io/tcp_port.hpp"
#include "unit/io/tcp_fixture.hpp"
#include "unit/io/tls_socket.hpp"

namespace porthole::io {
namespace {

using namespace std::string_literals;
using test::TcpClient;
using test::TlsSocket;
using test::turn_greeting;

constexpr const char* kRequest = "GET /page HTTP/1.1\r\nHost: x\r\n\r\n";
const SocketAddress kAnnounced = *SocketAddress::parse("192.0.2.1:56324");
const std::string kLine = "PROXY TCP4 192.0.2.1 203.0.113.5 56324 443\r\n";
const std::string kBinary = "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\x02\x01\xcb\0\x71\x05\xdc\x04\x01\xbb"s;
const std::string kLocal = "\r\n\r\n\0\r\nQUIT\n\x20\0\0\0"s;

TcpOptions trusting(std::string_view network = "127.0.0.0/8") {
  TcpOptions options;
  options.trusted_proxies = {*IpNetwork::parse(network)};
  return options;
}

class ProxyPortTest : public test::TcpFixture {
 protected:
  void listen(const TcpOptions& options = trusting()) {
    test::TcpFixture::listen(options);
    port_->use_tls(crypto::test::make_tls_context());
  }
  // Whom the next request is said to come from.
  SocketAddress asks(TcpClient& client, const std::string& bytes) {
    const std::size_t before = pages_.requests.size();
    client.send(bytes);
    EXPECT_TRUE(run_until([&] { return pages_.requests.size() > before || client.ended(); }));
    return pages_.requests.size() > before ? pages_.requests.back().via.remote : SocketAddress();
  }
};

TEST_F(ProxyPortTest, WhoIsTrustedSpeaksForOthersInBothVersions) {
  listen();
  for (const std::string& header : {kLine, kBinary}) {
    TcpClient client(address_);
    EXPECT_EQ(asks(client, header + kRequest), kAnnounced);
    EXPECT_EQ(pages_.requests.back().via.local, address_);
    // For all of the connection.
    EXPECT_EQ(asks(client, kRequest), kAnnounced);
  }
}

TEST_F(ProxyPortTest, WhatFollowsIsTurnOrTlsAsWell) {
  listen();
  TcpClient turn(address_);
  turn.send(kLine + turn_greeting());
  ASSERT_TRUE(run_until([&] { return streams_.last != ConnectionId::none; }));
  EXPECT_EQ(streams_.received[streams_.last], turn_greeting());
  EXPECT_EQ(streams_.paths[streams_.last].remote, kAnnounced);

  TlsSocket https(address_);
  https.tcp.send(kBinary);
  ASSERT_TRUE(run_until([&] { return https.connected(); }));
  https.say(kRequest);
  ASSERT_TRUE(run_until([&] { return https.heard().ends_with("page /page"); }));
  EXPECT_EQ(pages_.requests.back().via.remote, kAnnounced);
  EXPECT_EQ(pages_.requests.back().via.transport, Transport::tls);
}

TEST_F(ProxyPortTest, ItComesByteByByteAsWell) {
  listen();
  TcpClient client(address_);
  for (const char byte : kBinary) {
    client.send({&byte, 1});
    test::run_for(loop_, 1ms);
  }
  EXPECT_EQ(asks(client, kRequest), kAnnounced);
}

TEST_F(ProxyPortTest, WhoIsTrustedAndSaysNothingIsItself) {
  listen();
  TcpClient client(address_);
  EXPECT_EQ(asks(client, kRequest), client.local());
  TcpClient prober(address_);
  EXPECT_EQ(asks(prober, kLocal + kRequest), prober.local());
}

TEST_F(ProxyPortTest, ClosesWhoeverIsNotTrusted) {
  listen(trusting("192.0.2.0/24"));
  for (const std::string& header : {kLine, kBinary, kLocal}) {
    TcpClient client(address_);
    client.send(header + kRequest);
    EXPECT_TRUE(run_until([&] { return client.ended(); }));
  }
  EXPECT_TRUE(pages_.requests.empty());
  EXPECT_EQ(port_->connections(), 0U);
}

TEST_F(ProxyPortTest, ClosesWhoSaysItTwiceOrBadlyOrInsideOfTls) {
  listen();
  for (const std::string& bytes :
       {kLine + kLine, kBinary + kLine, "PROXY TCP4 nobody\r\n"s, kLine + "SSH-2.0-x\r\n"}) {
    TcpClient client(address_);
    client.send(bytes + kRequest);
    EXPECT_TRUE(run_until([&] { return client.ended(); }));
  }
  TlsSocket inside(address_);
  ASSERT_TRUE(run_until([&] { return inside.connected(); }));
  inside.say(kLine);
  EXPECT_TRUE(run_until([&] { return inside.tcp.ended(); }));
  EXPECT_TRUE(pages_.requests.empty());
}

TEST_F(ProxyPortTest, ClosesWhoNeverFinishesIt) {
  TcpOptions options = trusting();
  options.first_bytes_timeout = 50ms;
  listen(options);
  TcpClient half(address_);
  half.send(kLine.substr(0, 20));
  TcpClient silent(address_);
  silent.send(kLine);
  EXPECT_TRUE(run_until([&] { return half.ended() && silent.ended(); }));
}

TEST_F(ProxyPortTest, CountsEachByTheAddressThatIsAnnounced) {
  TcpOptions options = trusting();
  options.quota = std::make_shared<PlainQuota<IpAddress>>(QuotaLimits{.of_a_kind = 2});
  listen(options);
  std::vector<std::unique_ptr<TcpClient>> clients;
  const auto connect = [&](const std::string& source) {
    clients.push_back(std::make_unique<TcpClient>(address_));
    asks(*clients.back(), "PROXY TCP4 " + source + " 203.0.113.5 1 443\r\n" + kRequest);
    return !clients.back()->ended();
  };
  // The proxy itself may have as many as it needs.
  EXPECT_TRUE(connect("192.0.2.1") && connect("192.0.2.1") && connect("192.0.2.2") && connect("192.0.2.2"));
  EXPECT_FALSE(connect("192.0.2.1"));
  EXPECT_EQ(port_->connections(), 4U);
  clients[0].reset();
  EXPECT_TRUE(run_until([&] { return port_->connections() == 3; }));
  EXPECT_TRUE(connect("192.0.2.1"));
  clients.clear();
  EXPECT_TRUE(run_until([&] { return port_->connections() == 0; }));
}

class HandshakeLimit : public ProxyPortTest {
 protected:
  void listen(std::uint32_t burst, std::uint32_t per_second) {
    TcpOptions options = trusting();
    options.tls_handshake_burst = burst;
    options.tls_handshakes_per_second = per_second;
    options.tls_timeout = 3s;
    ProxyPortTest::listen(options);
  }
};

TEST_F(HandshakeLimit, WhoComesBeyondItWaitsForAMoment) {
  listen(2, 2);
  std::vector<std::unique_ptr<TlsSocket>> clients;
  for (int i = 0; i < 3; ++i) clients.push_back(std::make_unique<TlsSocket>(address_));
  const Instant begun = EventLoop::now();
  EXPECT_TRUE(run_until(
      [&] { return std::ranges::all_of(clients, [](const auto& client) { return client->connected(); }); }));
  EXPECT_GE(EventLoop::now() - begun, 200ms);
}

TEST_F(HandshakeLimit, WaitsNeitherForEverNorForOthers) {
  listen(1, 1);
  TlsSocket first(address_);
  ASSERT_TRUE(run_until([&] { return first.connected(); }));
  // Another client has a share of its own.
  TlsSocket other(address_);
  other.tcp.send(kLine);
  EXPECT_TRUE(run_until([&] { return other.connected(); }, 500ms));
  // What is more than a ClientHello is not kept.
  TcpClient greedy(address_);
  greedy.send("\x16\x03\x01\x40\0"s + std::string(16'000, 'x'));
  EXPECT_TRUE(run_until([&] { return greedy.ended(); }, 2s));
  EXPECT_TRUE(streams_.paths.empty());
}

}  // namespace
}  // namespace porthole::io
