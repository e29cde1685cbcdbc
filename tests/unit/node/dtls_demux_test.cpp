// Whose DTLS it is that comes to the one port: a viewer's, or that of a TURN client.
#include <gtest/gtest.h>

#include "node_fixture.hpp"
#include "unit/node/dtls_turn_client.hpp"

namespace porthole::node {
namespace {

using stun::Attribute;
using Buffer = std::vector<std::uint8_t>;

// A viewer's DTLS that only counts what it gets.
class CountingDtls final : public crypto::DtlsSession {
 public:
  explicit CountingDtls(std::size_t& count) : count_(count) {}
  void start(Instant) override {}
  void handle_datagram(Bytes, Instant) override { ++count_; }
  void handle_timeout(Instant) override {}
  Instant next_timeout() const override { return Instant::max(); }
  void set_reliable(bool) override {}
  std::size_t poll_transmit(MutableBytes) override { return 0; }
  State state() const override { return State::connecting; }
  const crypto::SrtpKeys* keys() const override { return nullptr; }
  void close(Instant) override {}

 private:
  std::size_t& count_;  // Borrowed.
};

class CountingDtlsFactory final : public crypto::DtlsFactory {
 public:
  std::unique_ptr<crypto::DtlsSession> make(const crypto::DtlsParameters&) override {
    return std::make_unique<CountingDtls>(count);
  }
  std::string fingerprint() const override { return "AB:CD"; }
  std::size_t count = 0;
};

class DtlsDemux : public test::NodeFixture {
 protected:
  DtlsDemux() : port(options(), viewers, random) {
    port.set_wall_clock(WallClock(now, WallTime(std::chrono::seconds(1'800'000'000))));
    port.add_broadcast("cam");
    port.serve_turn_over_dtls(*server);
  }

  static std::string value_of(const std::string& sdp, const std::string& name) {
    const std::size_t at = sdp.find("a=" + name + ":") + name.size() + 3;
    return sdp.substr(at, sdp.find("\r\n", at) - at);
  }

  // A viewer at that address, up to its first check.
  void join(const FiveTuple& path) {
    const HttpRequest made = offer();
    const HttpResponse response = port.handle_http(made, now).value();
    ASSERT_EQ(response.status, 201);
    Buffer bytes(512);
    stun::MessageBuilder check(bytes, stun::Class::request, stun::Method::binding, {1});
    check.add_text(Attribute::username,
                   value_of(response.body, "ice-ufrag") + ":" + value_of(made.body, "ice-ufrag"));
    check.add_u32(Attribute::priority, 1);
    check.add(Attribute::ice_controlling, Buffer(8, 1));
    check.add(Attribute::use_candidate, {});
    check.add_integrity(as_bytes(value_of(response.body, "ice-pwd")));
    check.add_fingerprint();
    bytes.resize(check.finish().size());
    port.handle_datagram({path, bytes}, now);
    ASSERT_TRUE(poll(*batch)) << "the check is answered";
  }

  bool poll(TransmitBatch& out) { return port.poll_transmit(out, now); }
  void settle(test::DtlsTurnClient& client) {
    client.settle(
        port, [this](TransmitBatch& out) { return poll(out); }, now);
  }

  CountingDtlsFactory viewers;
  std::unique_ptr<crypto::OpenSslDtlsServer> server = crypto::OpenSslDtlsServer::create(
      *crypto::Certificate::self_signed(WallTime(std::chrono::seconds(1'800'000'000))));
  Node port;
};

TEST_F(DtlsDemux, FromAViewersPathItIsTheViewers) {
  test::DtlsTurnClient client;
  join(client.path);
  settle(client);
  EXPECT_FALSE(client.dtls.connected());
  EXPECT_EQ(viewers.count, 1U);
  EXPECT_FALSE(poll(*batch)) << "no cookie for a viewer, whose ClientHello may come in pieces";
}

TEST_F(DtlsDemux, FromAnyOtherPathItIsATurnClients) {
  test::DtlsTurnClient viewer("192.0.2.7:5000");
  join(viewer.path);
  test::DtlsTurnClient client("192.0.2.7:5001");
  settle(client);
  EXPECT_TRUE(client.dtls.connected());
  EXPECT_EQ(viewers.count, 0U);
  client.allocate();
  settle(client);
  ASSERT_TRUE(client.answer());
  EXPECT_EQ(client.answer()->error_code(), 401);
}

TEST_F(DtlsDemux, APathThatBecomesAViewersIsTheViewersFromThenOn) {
  test::DtlsTurnClient client;
  settle(client);
  ASSERT_TRUE(client.dtls.connected());
  join(client.path);
  client.allocate();
  settle(client);
  EXPECT_EQ(viewers.count, 1U);
  EXPECT_FALSE(client.answer());
}

// A viewer whose browser reaches us by TURN over DTLS: its checks and its DTLS are inside.
TEST_F(DtlsDemux, AViewerInsideTurnInsideDtlsGetsItsMediaEncryptedTwice) {
  const std::string label = "203.0.113.1:8443";
  const HttpResponse ice = port.handle_http(request("GET", "/ice"), now).value();
  const auto between = [&ice](const std::string& name) {
    const std::size_t at = ice.body.find("\"" + name + "\":\"") + name.size() + 4;
    return ice.body.substr(at, ice.body.find('"', at) - at);
  };
  test::DtlsTurnClient client;
  client.credentials = {between("username"), between("credential")};
  settle(client);
  client.allocate();
  settle(client);
  ASSERT_TRUE(client.answer());
  client.allocate();
  settle(client);
  ASSERT_TRUE(client.succeeded()) << ice.body;
  client.bind(0x4000, *SocketAddress::parse(label));
  settle(client);
  ASSERT_TRUE(client.succeeded());

  const HttpRequest made = offer();
  const HttpResponse response = port.handle_http(made, now).value();
  Buffer check(512);
  stun::MessageBuilder builder(check, stun::Class::request, stun::Method::binding, {9});
  builder.add_text(Attribute::username,
                   value_of(response.body, "ice-ufrag") + ":" + value_of(made.body, "ice-ufrag"));
  builder.add_u32(Attribute::priority, 1);
  builder.add(Attribute::ice_controlling, Buffer(8, 1));
  builder.add(Attribute::use_candidate, {});
  builder.add_integrity(as_bytes(value_of(response.body, "ice-pwd")));
  builder.add_fingerprint();
  check.resize(builder.finish().size());
  client.send_channel_data(0x4000, check);
  settle(client);
  const auto inner = wire::parse_channel_data(client.dtls.received.back());
  ASSERT_TRUE(inner);
  EXPECT_EQ(inner->channel, 0x4000);
  const auto answer = stun::parse(inner->payload);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->message_class(), stun::Class::success);

  client.send_channel_data(0x4000, Buffer(100, 22));
  settle(client);
  EXPECT_EQ(viewers.count, 1U) << "DTLS inside is the viewer's";
}

}  // namespace
}  // namespace porthole::node
