// What clients can make the server hold, relay and answer, each at its limit and one beyond.
#include <gtest/gtest.h>

#include "base/source_limiter.hpp"
#include "unit/turn/turn_client.hpp"

namespace porthole::turn::test {
namespace {

TEST(TurnCaps, AllocationsPerClientAddress) {
  World world{Limits{.allocations_per_user = 100, .allocations_per_address = 2}};
  Client first(world, "192.0.2.7:1"), second(world, "192.0.2.7:2"), third(world, "192.0.2.7:3");
  EXPECT_TRUE(first.allocate().succeeded());
  EXPECT_TRUE(second.allocate().succeeded());
  EXPECT_EQ(third.allocate().error(), 486);
  Client elsewhere(world, "192.0.2.8:1");
  EXPECT_TRUE(elsewhere.allocate().succeeded());
  first.refresh(0);
  EXPECT_TRUE(third.allocate().succeeded());
}

TEST(TurnCaps, AnIpv6CustomerIsOneAddress) {
  World world{Limits{.allocations_per_user = 100, .allocations_per_address = 1}};
  Client first(world, "[2001:db8:1:2::1]:1"), same(world, "[2001:db8:1:2:ffff::9]:1");
  Client other(world, "[2001:db8:1:3::1]:1");
  EXPECT_TRUE(first.allocate().succeeded());
  EXPECT_EQ(same.allocate().error(), 486);
  EXPECT_TRUE(other.allocate().succeeded());
}

// A quarter of a second's worth at once, and the rate from then on.
TEST(TurnCaps, BytesPerSecondFromTheClient) {
  World world{Limits{.bytes_per_second = 40'000}};
  Client client(world);
  ASSERT_TRUE(client.allocate().succeeded());
  ASSERT_TRUE(client.bind(0x4000, kPeer).succeeded());
  const Buffer data(1000);
  const auto passes = [&](bool channel) {
    const Answer answer = channel ? client.send_channel_data(0x4000, data) : client.send_data(kPeer, data);
    return answer.kind == Outcome::Kind::to_peer;
  };
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(passes(i % 2 == 0)) << i;
  EXPECT_FALSE(passes(true));
  EXPECT_FALSE(passes(false));
  world.advance(25ms);
  EXPECT_TRUE(passes(true));
  EXPECT_FALSE(passes(false));
  world.advance(10s);
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(passes(true)) << i;
  EXPECT_FALSE(passes(true));
}

TEST(TurnCaps, BytesPerSecondTowardsTheClient) {
  World world{Limits{.bytes_per_second = 40'000}};
  Client client(world);
  ASSERT_TRUE(client.allocate().succeeded());
  const AllocationId id = client.allocation();
  EXPECT_TRUE(world.server.may_deliver(id, 10'000, world.now));
  EXPECT_FALSE(world.server.may_deliver(id, 1, world.now));
  world.advance(25ms);
  EXPECT_TRUE(world.server.may_deliver(id, 1000, world.now));
  EXPECT_FALSE(world.server.may_deliver(AllocationId::none, 1, world.now));
  // The other direction has a budget of its own.
  ASSERT_TRUE(client.permit({kPeer}).succeeded());
  EXPECT_EQ(client.send_data(kPeer, Buffer(10'000 - 4096)).kind, Outcome::Kind::nothing)
      << "one message, too long";
  EXPECT_EQ(client.send_data(kPeer, Buffer(1000)).kind, Outcome::Kind::to_peer);
}

// An operator who means kilobytes, or wants a trickle, gets that and not silence.
TEST(TurnCaps, PacketLargerThanTheBurstOfALowRateTakesItsTimeAndPasses) {
  ByteBudget budget;
  const Instant start{1h};
  EXPECT_TRUE(budget.take(1200, 1000, start));
  EXPECT_FALSE(budget.take(1, 1000, start + 900ms));
  EXPECT_FALSE(budget.take(1200, 1000, start + 1199ms));
  EXPECT_TRUE(budget.take(1200, 1000, start + 1200ms));
  std::size_t passed = 0;
  for (Instant now = start + 10s; now < start + 1010s; now += 10ms) passed += budget.take(1200, 1000, now);
  EXPECT_LE(passed * 1200, 1'001'200U);
  EXPECT_GE(passed * 1200, 990'000U);
}

TEST(TurnCaps, LargestPacketAtTheLowestAndTheHighestRateOverflowsNothing) {
  ByteBudget slow;
  EXPECT_TRUE(slow.take(65'535, 1, Instant(1h)));
  EXPECT_FALSE(slow.take(1, 1, Instant(1h) + 65'534s));
  EXPECT_TRUE(slow.take(1, 1, Instant(1h) + 65'535s));
  ByteBudget fast;
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(fast.take(65'535, std::uint64_t{1} << 40, Instant(1h)));
}

TEST(TurnCaps, WithoutARateEverythingPasses) {
  ByteBudget budget;
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(budget.take(65'535, 0, Instant()));
}

TEST(TurnCaps, ChallengesPerSource) {
  World world;
  Client client(world);
  for (std::uint32_t i = 0; i < kChallengeBurst; ++i)
    EXPECT_EQ(client.send(client.plain_allocate()).error(), 401);
  EXPECT_EQ(client.send(client.plain_allocate()).kind, Outcome::Kind::nothing);
  world.advance(Duration(1s) / kChallengesPerSecond);
  EXPECT_EQ(client.send(client.plain_allocate()).error(), 401);
  EXPECT_EQ(client.send(client.plain_allocate()).kind, Outcome::Kind::nothing);
}

TEST(TurnCaps, FloodFromBehindANatLocksNobodyElseOut) {
  World world;
  Client flooder(world, "192.0.2.7:50000"), neighbour(world, "192.0.2.7:50001");
  for (int i = 0; i < 1000; ++i) flooder.send(flooder.plain_allocate());
  EXPECT_TRUE(neighbour.allocate().succeeded());
  // Whoever proves its password is not asked to wait either.
  flooder.realm = neighbour.realm;
  flooder.nonce = neighbour.nonce;
  EXPECT_TRUE(flooder.allocate().succeeded());
}

TEST(TurnCaps, StreamsHaveProvedTheirAddressAndAreAlwaysChallenged) {
  World world;
  Client client(world, "192.0.2.7:50000", Transport::tcp);
  for (int i = 0; i < 1000; ++i) ASSERT_EQ(client.send(client.plain_allocate()).error(), 401);
}

// Two sources on one place of the table push each other out: then both get more, never less.
TEST(TurnCaps, CrowdOfSourcesGetsItsChallengesFromATableOfFixedSize) {
  SourceLimiter limiter(kChallengeBurst, kChallengesPerSecond);
  for (std::uint32_t i = 0; i < 20'000; ++i) {
    EXPECT_TRUE(limiter.allow({IpAddress::v4(0x0a000000 + i), 1}, Instant()));
  }
}

}  // namespace
}  // namespace porthole::turn::test
