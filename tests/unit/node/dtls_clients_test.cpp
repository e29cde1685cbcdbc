#include "node/dtls_clients.hpp"

#include <gtest/gtest.h>

#include "node/turn_front.hpp"
#include "support/seeded_random.hpp"
#include "turn/relay_labels.hpp"
#include "unit/node/dtls_turn_client.hpp"

namespace porthole::node {
namespace {

using stun::Attribute;
using stun::Class;
using test::DtlsTurnClient;
using Buffer = std::vector<std::uint8_t>;

const SocketAddress kPeer = *SocketAddress::parse("203.0.113.1:8443");
constexpr std::uint16_t kChannel = 0x4001;

class OnePeer final : public turn::RelayPolicy {
 public:
  std::optional<IpAddress> relay_ip(const FiveTuple&, std::optional<Family>) const override {
    return IpAddress::parse("203.0.113.1");
  }
  bool allows_peer(const SocketAddress& peer, const FiveTuple&) const override { return peer == kPeer; }
};

class DtlsClientsTest : public testing::Test, private TurnOwner {
 protected:
  DtlsClientsTest() : labels(random, {}), front(turn::Config{}, {"secret"}, policy, labels, random, *this) {
    front.set_wall_clock(WallClock(now, WallTime(std::chrono::seconds(1'800'000'000))));
    front.serve_dtls(*server, std::make_shared<PlainQuota<IpAddress>>(QuotaLimits{4, 2}));
  }

  void settle(DtlsTurnClient& client) {
    client.settle(
        front, [this](TransmitBatch& out) { return front.poll_transmit(out); }, now);
  }
  void allocate(DtlsTurnClient& client) {
    client.credentials = front.mint("viewer", 1h, now);
    settle(client);
    ASSERT_TRUE(client.dtls.connected());
    client.allocate();
    settle(client);
    ASSERT_TRUE(client.answer());
    client.allocate();
    settle(client);
    ASSERT_TRUE(client.succeeded());
    ASSERT_TRUE(client.answer()->xor_address(Attribute::xor_relayed_address));
  }
  bool connects(const char* remote) {
    clients.push_back(std::make_unique<DtlsTurnClient>(remote));
    settle(*clients.back());
    return clients.back()->dtls.connected();
  }
  // Stops at everything that is due on the way.
  void advance(Duration by) {
    const Instant end = now + by;
    while (now < end) {
      now = std::max(now + 1ms, std::min(end, front.next_timeout()));
      front.handle_timeout(now);
    }
  }
  // Carries what a peer sends to the client, as the node would.
  void from_peer(turn::AllocationId allocation, Bytes data) {
    auto framing = front.server().framing(allocation, kPeer, now);
    ASSERT_TRUE(framing);
    const MutableBytes slot = front.outbox().slot();
    std::ranges::copy(data, slot.begin() + static_cast<std::ptrdiff_t>(framing->prefix_size()));
    const std::size_t size = framing->frame(slot, data.size());
    front.outbox().commit(*front.server().client(allocation), size);
  }

  porthole::test::SeededRandom random{1};
  Instant now{1h};
  std::unique_ptr<crypto::OpenSslDtlsServer> server = crypto::OpenSslDtlsServer::create(
      *crypto::Certificate::self_signed(WallTime(std::chrono::seconds(1'800'000'000))));
  OnePeer policy;
  turn::RelayLabels labels;
  TurnFront front;
  std::vector<std::unique_ptr<DtlsTurnClient>> clients;
  std::vector<std::pair<Route, Buffer>> to_peer;

 private:
  void on_to_peer(const Route& route, Bytes data, Instant) override {
    to_peer.emplace_back(route, Buffer(data.begin(), data.end()));
  }
  void on_turn_event(const turn::Event&) override {}
};

TEST_F(DtlsClientsTest, AClientAllocatesSendsAndReceives) {
  DtlsTurnClient client;
  allocate(client);
  client.bind(kChannel, kPeer);
  settle(client);
  ASSERT_TRUE(client.succeeded());

  client.send_channel_data(kChannel, Buffer{1, 2, 3});
  settle(client);
  ASSERT_EQ(to_peer.size(), 1U);
  EXPECT_EQ(to_peer[0].first.path.transport, Transport::dtls);
  EXPECT_EQ(to_peer[0].first.path.remote, client.path.remote);
  EXPECT_EQ(to_peer[0].first.peer, kPeer);
  EXPECT_EQ(to_peer[0].second, (Buffer{1, 2, 3}));

  from_peer(to_peer[0].first.allocation, Buffer{7, 8, 9});
  settle(client);
  // As on UDP: a record has an end of its own, so nothing is padded.
  EXPECT_EQ(client.dtls.received.back(), (Buffer{0x40, 0x01, 0, 3, 7, 8, 9}));
}

TEST_F(DtlsClientsTest, EachSegmentOfABatchIsARecord) {
  DtlsTurnClient client;
  settle(client);
  ASSERT_TRUE(client.dtls.connected());
  auto batch = std::make_unique<TransmitBatch>();
  batch->to = client.path;
  batch->to.transport = Transport::dtls;
  batch->segment_size = 1000;
  batch->size = 2500;
  std::fill_n(batch->buffer.begin(), batch->size, std::uint8_t{5});
  ASSERT_TRUE(front.seal(*batch));
  EXPECT_EQ(batch->to, client.path) << "leaves as a UDP datagram";
  EXPECT_GT(batch->segment_size, 1000U);
  EXPECT_LE(batch->segment_size, 1000 + crypto::kMaxDtlsOverhead);
  for (Bytes rest = batch->bytes(); !rest.empty();) {
    const Bytes segment = rest.first(std::min(rest.size(), batch->segment_size));
    rest = rest.subspan(segment.size());
    client.dtls.handle_datagram(segment);
  }
  EXPECT_EQ(client.dtls.received, (std::vector<Buffer>{Buffer(1000, 5), Buffer(1000, 5), Buffer(500, 5)}));
}

TEST_F(DtlsClientsTest, ABatchForSomebodyWhoIsGoneIsNotSentInTheClear) {
  auto batch = std::make_unique<TransmitBatch>();
  batch->to.transport = Transport::dtls;
  batch->size = batch->segment_size = 10;
  EXPECT_FALSE(front.seal(*batch));

  DtlsTurnClient client;
  allocate(client);
  client.allocate();  // Its answer stands in the outbox when the client goes.
  for (const Buffer& packet : client.dtls.take()) front.handle_datagram({client.path, packet}, now);
  client.dtls.close();
  for (const Buffer& packet : client.dtls.take()) front.handle_datagram({client.path, packet}, now);
  while (front.poll_transmit(*batch)) EXPECT_FALSE(stun::parse(batch->bytes()));
}

TEST_F(DtlsClientsTest, AFloodOfClientHellosLeavesNothingBehind) {
  crypto::test::DtlsClient client;
  client.advance();
  const Buffer hello = client.take().at(0);
  auto batch = std::make_unique<TransmitBatch>();
  for (std::uint32_t i = 0; i < 20'000; ++i) {
    FiveTuple path;
    path.remote = {IpAddress::v4(0x0a000000 + i), 5000};
    front.handle_datagram({path, hello}, now);
    ASSERT_TRUE(front.poll_transmit(*batch));
    EXPECT_LT(batch->size, hello.size()) << "no more than was sent";
    EXPECT_EQ(batch->to, path);
    EXPECT_FALSE(front.poll_transmit(*batch));
  }
  EXPECT_EQ(front.dtls_client_count(), 0U);
  EXPECT_EQ(front.next_timeout(), Instant::max());
}

TEST_F(DtlsClientsTest, ACookieOfAnotherClientLeavesNothingBehind) {
  DtlsTurnClient client;
  client.dtls.advance();
  front.handle_datagram({client.path, client.dtls.take().at(0)}, now);
  auto batch = std::make_unique<TransmitBatch>();
  ASSERT_TRUE(front.poll_transmit(*batch));
  client.dtls.handle_datagram(batch->bytes());
  const Buffer proved = client.dtls.take().at(0);
  FiveTuple other = client.path;
  other.remote.port++;
  front.handle_datagram({other, proved}, now);
  EXPECT_EQ(front.dtls_client_count(), 0U);
  front.handle_datagram({client.path, proved}, now);
  EXPECT_EQ(front.dtls_client_count(), 1U);
}

TEST_F(DtlsClientsTest, JunkFromStrangersIsNotAnswered) {
  auto batch = std::make_unique<TransmitBatch>();
  for (int first = 20; first < 64; ++first) {
    Buffer junk(200, 1);
    junk[0] = static_cast<std::uint8_t>(first);
    front.handle_datagram({DtlsTurnClient().path, junk}, now);
  }
  EXPECT_FALSE(front.poll_transmit(*batch));
  EXPECT_EQ(front.dtls_client_count(), 0U);
}

TEST_F(DtlsClientsTest, OneCustomerGetsItsShareAndNoMore) {
  EXPECT_TRUE(connects("192.0.2.1:1000"));
  EXPECT_TRUE(connects("192.0.2.1:1001"));
  EXPECT_FALSE(connects("192.0.2.1:1002"));
  EXPECT_TRUE(connects("[2001:db8::1]:1000"));
  EXPECT_TRUE(connects("[2001:db8::2]:1000"));
  EXPECT_EQ(front.dtls_client_count(), 4U);
  clients[0]->dtls.close();
  settle(*clients[0]);
  EXPECT_FALSE(connects("[2001:db8::3]:1000")) << "the same /64";
  EXPECT_TRUE(connects("192.0.2.1:1003"));
}

TEST_F(DtlsClientsTest, AllTogetherAreLimited) {
  for (const char* remote : {"192.0.2.1:1", "192.0.2.2:1", "192.0.2.3:1", "192.0.2.4:1"}) {
    EXPECT_TRUE(connects(remote));
  }
  EXPECT_FALSE(connects("192.0.2.5:1"));
  EXPECT_EQ(front.dtls_client_count(), 4U);
}

TEST_F(DtlsClientsTest, WhatOthersOfTheServerServeCountsAsWell) {
  const auto quota = std::make_shared<PlainQuota<IpAddress>>(QuotaLimits{10, 2});
  front.serve_dtls(*server, quota);
  auto elsewhere = quota->take(IpAddress::parse("192.0.2.1"));
  EXPECT_TRUE(connects("192.0.2.1:1000"));
  EXPECT_FALSE(connects("192.0.2.1:1001"));
  *elsewhere = Quota<IpAddress>::Share();
  EXPECT_TRUE(connects("192.0.2.1:1002"));
}

// Whoever has proved its address may begin anew as often as it likes; each time costs a signature.
TEST_F(DtlsClientsTest, HandshakesWithoutEndAreHeldToARate) {
  front.serve_dtls(*server, std::make_shared<PlainQuota<IpAddress>>(QuotaLimits{10, 2}));
  const auto begin = [this](std::uint32_t address) {
    DtlsTurnClient client(SocketAddress{IpAddress::v4(0xC0000200U + address), 9}.to_string().c_str());
    client.dtls.advance();
    front.handle_datagram({client.path, client.dtls.take().at(0)}, now);
    auto batch = std::make_unique<TransmitBatch>();
    while (front.poll_transmit(*batch)) client.dtls.handle_datagram(batch->bytes());
    front.handle_datagram({client.path, client.dtls.take().at(0)}, now);
    return front.poll_transmit(*batch);
  };
  // The one that begins first takes its own share, which leaves the rest to others.
  std::uint32_t own = 0;
  for (std::uint32_t i = 0; i < kDtlsHandshakeBurstPerCustomer + 50; ++i) own += begin(0) ? 1U : 0U;
  EXPECT_EQ(own, kDtlsHandshakeBurstPerCustomer);
  std::uint32_t others = 0;
  for (std::uint32_t i = 0; i < kDtlsHandshakesPerSecond; ++i) others += begin(1 + i % 4) ? 1U : 0U;
  EXPECT_EQ(own + others, kDtlsHandshakesPerSecond);
  now += Duration(1s) / kDtlsHandshakesPerSecond;
  EXPECT_FALSE(begin(0));
  EXPECT_TRUE(begin(5));
  EXPECT_FALSE(begin(6));
}

TEST_F(DtlsClientsTest, AFullBatchStillFitsWhenItIsEncrypted) {
  DtlsTurnClient client;
  settle(client);
  ASSERT_TRUE(client.dtls.connected());
  FiveTuple inside = client.path;
  inside.transport = Transport::dtls;
  for (int i = 0; i < 200; ++i) {
    const MutableBytes slot = front.outbox().slot(1200);
    std::ranges::fill(slot, std::uint8_t{3});
    front.outbox().commit(inside, slot.size());
  }
  settle(client);
  EXPECT_EQ(client.dtls.received.size(), 200U);
}

TEST_F(DtlsClientsTest, AClientWithoutAnAllocationMakesRoom) {
  DtlsTurnClient client;
  settle(client);
  advance(kDtlsWithoutAllocation - 1ms);
  EXPECT_EQ(front.dtls_client_count(), 1U);
  advance(1ms);
  EXPECT_EQ(front.dtls_client_count(), 0U);
  settle(client);
  EXPECT_TRUE(client.dtls.peer_has_closed());
  EXPECT_EQ(front.next_timeout(), Instant::max());
}

TEST_F(DtlsClientsTest, AClientStaysAsLongAsItsAllocation) {
  DtlsTurnClient client;
  allocate(client);
  advance(turn::kDefaultLifetime - 1s);
  EXPECT_EQ(front.dtls_client_count(), 1U);
  EXPECT_EQ(front.server().allocation_count(), 1U);
  advance(1s + kDtlsWithoutAllocation);
  EXPECT_EQ(front.dtls_client_count(), 0U);
}

TEST_F(DtlsClientsTest, AnAllocationEndsWithItsAssociation) {
  DtlsTurnClient client;
  allocate(client);
  EXPECT_EQ(front.server().allocation_count(), 1U);
  client.dtls.close();
  settle(client);
  EXPECT_EQ(front.server().allocation_count(), 0U);
  EXPECT_EQ(front.dtls_client_count(), 0U);
}

// RFC 6347 section 4.2.8.
TEST_F(DtlsClientsTest, AClientThatHasRestartedReplacesWhatItHadOnceItHasProvedItself) {
  DtlsTurnClient before;
  allocate(before);
  DtlsTurnClient after;
  after.dtls.advance();
  const Buffer hello = after.dtls.take().at(0);
  front.handle_datagram({after.path, hello}, now);
  EXPECT_EQ(front.server().allocation_count(), 1U) << "anybody could have sent that";
  auto batch = std::make_unique<TransmitBatch>();
  ASSERT_TRUE(front.poll_transmit(*batch));
  after.dtls.handle_datagram(batch->bytes());
  settle(after);
  EXPECT_TRUE(after.dtls.connected());
  EXPECT_EQ(front.server().allocation_count(), 0U);
  EXPECT_EQ(front.dtls_client_count(), 1U);
}

TEST_F(DtlsClientsTest, AHandshakeThatStopsIsForgotten) {
  DtlsTurnClient client;
  client.dtls.advance();
  front.handle_datagram({client.path, client.dtls.take().at(0)}, now);
  auto batch = std::make_unique<TransmitBatch>();
  ASSERT_TRUE(front.poll_transmit(*batch));
  client.dtls.handle_datagram(batch->bytes());
  front.handle_datagram({client.path, client.dtls.take().at(0)}, now);
  ASSERT_EQ(front.dtls_client_count(), 1U);
  now += crypto::kMaxDtlsHandshake;
  front.handle_timeout(now);
  EXPECT_EQ(front.dtls_client_count(), 0U);
}

TEST_F(DtlsClientsTest, TheSameClientInTheClearIsAnotherOne) {
  DtlsTurnClient client;
  allocate(client);
  Buffer bytes(100);
  stun::MessageBuilder builder(bytes, Class::request, stun::Method::refresh, {1});
  builder.add_u32(Attribute::lifetime, 0);
  bytes.resize(builder.finish().size());
  front.handle_datagram({client.path, bytes}, now);
  const Buffer channel_data = {0x40, 0x01, 0, 1, 9};
  front.handle_datagram({client.path, channel_data}, now);
  EXPECT_TRUE(to_peer.empty());
  EXPECT_EQ(front.server().allocation_count(), 1U);
}

}  // namespace
}  // namespace porthole::node
