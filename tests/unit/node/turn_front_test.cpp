#include "node/turn_front.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "support/seeded_random.hpp"
#include "turn/relay_labels.hpp"

namespace porthole::node {
namespace {

using stun::Attribute;
using stun::Class;
using stun::Method;
using Buffer = std::vector<std::uint8_t>;

class NoPeers final : public turn::RelayPolicy {
 public:
  std::optional<IpAddress> relay_ip(const FiveTuple&, std::optional<Family>) const override {
    return IpAddress::parse("203.0.113.1");
  }
  bool allows_peer(const SocketAddress&, const FiveTuple&) const override { return false; }
};

class TurnFrontTest : public testing::Test, private TurnOwner {
 protected:
  TurnFrontTest() : labels(random, {}), front(config(), {"secret"}, policy, labels, random, *this) {
    path.transport = Transport::tcp;
    path.remote = *SocketAddress::parse("192.0.2.7:50000");
    path.connection = ConnectionId{7};
    front.set_wall_clock(WallClock(now, WallTime(std::chrono::seconds(1'800'000'000))));
    credentials = front.mint("viewer", 1h, now);
  }

  static turn::Config config() {
    turn::Config made;
    made.limits.allocations_per_user = 1;
    return made;
  }

  // An Allocate, signed once there is a nonce.
  Buffer allocate(std::size_t padding = 0) {
    Buffer bytes(8192);
    stun::MessageBuilder builder(bytes, Class::request, Method::allocate, {1});
    builder.add_u32(Attribute::requested_transport, 17U << 24);
    if (padding > 0) builder.add(Attribute::software, Buffer(padding));
    if (!nonce.empty()) {
      builder.add_text(Attribute::username, credentials.username);
      builder.add_text(Attribute::realm, "porthole");
      builder.add_text(Attribute::nonce, nonce);
      builder.add_integrity(turn::long_term_key(credentials.username, "porthole", credentials.password));
    }
    bytes.resize(builder.finish().size());
    return bytes;
  }

  // What comes back, parsed far enough to know.
  bool answered() {
    TransmitBatch batch;
    bool any = false;
    while (front.poll_transmit(batch)) {
      any = true;
      const auto answer = stun::parse(batch.bytes());
      if (answer && answer->text(Attribute::nonce)) nonce = *answer->text(Attribute::nonce);
    }
    return any;
  }

  void authenticate() {
    front.handle_stream(path, allocate(), now);
    ASSERT_TRUE(answered());
    front.handle_stream(path, allocate(), now);
    ASSERT_TRUE(answered());
    ASSERT_EQ(front.server().allocation_count(), 1U);
  }

  test::SeededRandom random;
  NoPeers policy;
  turn::RelayLabels labels;
  Instant now{1h};
  TurnFront front;
  FiveTuple path;
  turn::Credentials credentials;
  std::string nonce;

 private:
  void on_to_peer(const Route&, Bytes, Instant) override {}
  void on_turn_event(const turn::Event&) override {}
};

TEST_F(TurnFrontTest, StreamWithoutAnAllocationIsClosedAfterItsTime) {
  front.handle_stream(path, allocate(), now);
  EXPECT_TRUE(answered());
  EXPECT_EQ(front.next_timeout(), now + turn::kAuthenticationTimeout);
  front.handle_timeout(now + turn::kAuthenticationTimeout - 1ns);
  EXPECT_FALSE(front.poll_refused());
  front.handle_timeout(now + turn::kAuthenticationTimeout);
  EXPECT_EQ(front.poll_refused(), path.connection);
  EXPECT_EQ(front.next_timeout(), Instant::max());
}

TEST_F(TurnFrontTest, StreamGainsNoTimeByOneByteAtATime) {
  const Buffer request = allocate();
  const Instant end = now + turn::kAuthenticationTimeout;
  for (const std::uint8_t byte : request) front.handle_stream(path, Bytes(&byte, 1), now += 1s);
  front.handle_timeout(end + 1s);
  EXPECT_EQ(front.poll_refused(), path.connection);
}

TEST_F(TurnFrontTest, StreamWithAnAllocationStays) {
  authenticate();
  front.handle_timeout(now + turn::kAuthenticationTimeout);
  EXPECT_FALSE(front.poll_refused());
  EXPECT_EQ(front.server().allocation_count(), 1U);
}

// Its credentials may have expired since, and its connection is one of those that are counted.
TEST_F(TurnFrontTest, StreamWhoseAllocationHasEndedIsClosedAfterItsTime) {
  authenticate();
  const Instant end = now + turn::kDefaultLifetime;
  for (; now < end; now = front.next_timeout()) {
    front.handle_timeout(now);
    ASSERT_FALSE(front.poll_refused());
  }
  front.handle_timeout(end);
  EXPECT_EQ(front.server().allocation_count(), 0U);
  front.handle_timeout(end + turn::kAuthenticationTimeout - 1ns);
  EXPECT_FALSE(front.poll_refused());
  front.handle_timeout(end + 2 * turn::kAuthenticationTimeout);
  EXPECT_EQ(front.poll_refused(), path.connection);
  EXPECT_EQ(front.next_timeout(), Instant::max());
}

TEST_F(TurnFrontTest, StreamThatClosesByItselfIsNotRefusedLater) {
  front.handle_stream(path, allocate(), now);
  front.handle_stream_closed(path, now);
  EXPECT_EQ(front.next_timeout(), Instant::max());
  front.handle_timeout(now + 1h);
  EXPECT_FALSE(front.poll_refused());
}

TEST_F(TurnFrontTest, LongFrameIsRefusedUntilItsSenderHasAnAllocation) {
  const Buffer longest = allocate(turn::kMaxUnauthenticatedFrame - 32);
  ASSERT_EQ(longest.size(), turn::kMaxUnauthenticatedFrame);
  front.handle_stream(path, longest, now);
  EXPECT_FALSE(front.poll_refused());

  const Buffer longer = allocate(turn::kMaxUnauthenticatedFrame - 31);
  front.handle_stream(path, Bytes(longer).first(stun::kHeaderSize), now);
  EXPECT_EQ(front.poll_refused(), path.connection);

  EXPECT_TRUE(answered());  // So that what follows does not share a batch with it.
  nonce.clear();
  authenticate();
  front.handle_stream(path, longer, now);
  EXPECT_FALSE(front.poll_refused());
}

TEST_F(TurnFrontTest, MintedUsersMayBeNamedByTheirHash) {
  authenticate();
  const auto hash = crypto::sha256(as_bytes(credentials.username + ":porthole"));
  Buffer bytes(512);
  stun::MessageBuilder builder(bytes, Class::request, Method::refresh, {2});
  builder.add(Attribute::userhash, hash);
  builder.add_text(Attribute::realm, "porthole");
  builder.add_text(Attribute::nonce, nonce);
  builder.add_integrity(turn::long_term_key(credentials.username, "porthole", credentials.password));
  bytes.resize(builder.finish().size());
  front.handle_stream(path, bytes, now);
  TransmitBatch batch;
  ASSERT_TRUE(front.poll_transmit(batch));
  EXPECT_TRUE(stun::parse(batch.bytes())->is(Class::success, Method::refresh));
}

}  // namespace
}  // namespace porthole::node
