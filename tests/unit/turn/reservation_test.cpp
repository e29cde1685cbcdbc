// EVEN-PORT and RESERVATION-TOKEN: two neighbouring ports for RTP and RTCP (RFC 8656 section 7.2).
#include <gtest/gtest.h>

#include "unit/turn/turn_client.hpp"

namespace porthole::turn::test {
namespace {

constexpr Limits kGenerous{.allocations_per_user = 5000, .allocations_per_address = 5000};

void even_and_next(stun::MessageBuilder& builder) {
  builder.add(Attribute::even_port, Buffer{0x80});
}

Fill with_token(const Buffer& token) {
  return [token](stun::MessageBuilder& builder) { builder.add(Attribute::reservation_token, token); };
}

Buffer token_in(const Answer& answer) {
  const auto token = answer.message().find(Attribute::reservation_token);
  return token ? Buffer(token->begin(), token->end()) : Buffer();
}

SocketAddress relayed_in(const Answer& answer) {
  return answer.message().xor_address(Attribute::xor_relayed_address).value();
}

TEST(TurnReservation, NextPortIsKeptForWhoeverShowsTheToken) {
  World world{kGenerous};
  Client rtp(world, "192.0.2.7:1"), rtcp(world, "192.0.2.7:2");
  const Answer first = rtp.allocate(even_and_next);
  ASSERT_TRUE(first.succeeded());
  EXPECT_EQ(relayed_in(first).port % 2, 0);
  ASSERT_EQ(token_in(first).size(), 8U);
  const Answer second = rtcp.allocate(with_token(token_in(first)));
  ASSERT_TRUE(second.succeeded());
  EXPECT_EQ(relayed_in(second).port, relayed_in(first).port + 1);
  EXPECT_TRUE(token_in(second).empty());
  // Once.
  Client third(world, "192.0.2.7:3");
  EXPECT_EQ(third.allocate(with_token(token_in(first))).error(), 508);
}

TEST(TurnReservation, RetransmissionGetsTheSameToken) {
  World world{kGenerous};
  Client client(world);
  const Buffer request = client.allocate_request(even_and_next);
  const Answer first = client.send(request);
  ASSERT_TRUE(first.succeeded());
  EXPECT_EQ(client.send(request).bytes, first.bytes);
}

TEST(TurnReservation, EndsAfterThirtySecondsAndGivesThePortBack) {
  World world(World::config(kGenerous), PortRange{5000, 5001});
  Client first(world, "192.0.2.7:1"), second(world, "192.0.2.7:2");
  const Buffer token = token_in(first.allocate(even_and_next));
  ASSERT_EQ(first.refresh(0).error(), 0);
  EXPECT_EQ(world.server.next_timeout(), world.now + kReservationLifetime);
  world.advance(kReservationLifetime);
  EXPECT_EQ(second.allocate(with_token(token)).error(), 508);
  EXPECT_EQ(world.server.next_timeout(), Instant::max());
  EXPECT_EQ(world.addresses.in_use(), 0U);
}

TEST(TurnReservation, LivesUntilTheLastMoment) {
  World world{kGenerous};
  Client first(world, "192.0.2.7:1"), second(world, "192.0.2.7:2");
  const Buffer token = token_in(first.allocate(even_and_next));
  second.learn();
  world.advance(kReservationLifetime - 1ns);
  EXPECT_TRUE(second.allocate(with_token(token)).succeeded());
}

TEST(TurnReservation, ForeignAndMadeUpTokensAreRefused) {
  World world{kGenerous};
  Client owner(world, "192.0.2.7:1"), thief(world, "192.0.2.8:1");
  const Buffer token = token_in(owner.allocate(even_and_next));
  thief.use(world.secrets.mint("thief", 1'800'007'200));
  EXPECT_EQ(thief.allocate(with_token(token)).error(), 508);
  EXPECT_EQ(thief.allocate(with_token(Buffer(8))).error(), 508);
  EXPECT_EQ(thief.allocate(with_token({})).error(), 508);
  Client rtcp(world, "192.0.2.7:2");
  EXPECT_TRUE(rtcp.allocate(with_token(token)).succeeded());
}

TEST(TurnReservation, TokenWithOtherWishesIsABadRequest) {
  World world{kGenerous};
  Client owner(world, "192.0.2.7:1"), client(world, "192.0.2.7:2");
  const Buffer token = token_in(owner.allocate(even_and_next));
  for (const Fill& wish :
       {Fill([](stun::MessageBuilder& b) { b.add(Attribute::even_port, Buffer{0x00}); }),
        Fill([](stun::MessageBuilder& b) { b.add_u32(Attribute::requested_address_family, 1U << 24); }),
        Fill([](stun::MessageBuilder& b) { b.add_u32(Attribute::additional_address_family, 2U << 24); })}) {
    const Answer answer = client.allocate([&](stun::MessageBuilder& builder) {
      wish(builder);
      builder.add(Attribute::reservation_token, token);
    });
    EXPECT_EQ(answer.error(), 400);
  }
  EXPECT_TRUE(client.allocate(with_token(token)).succeeded());
}

TEST(TurnReservation, CountsForItsUserAsAnAllocationDoes) {
  World world{Limits{.allocations_per_user = 3}};
  Client first(world, "192.0.2.7:1"), second(world, "192.0.2.7:2"), third(world, "192.0.2.7:3");
  const Buffer token = token_in(first.allocate(even_and_next));
  EXPECT_EQ(second.allocate(even_and_next).error(), 486);
  EXPECT_TRUE(second.allocate().succeeded());
  EXPECT_EQ(third.allocate().error(), 486);
  EXPECT_TRUE(third.allocate(with_token(token)).succeeded());
}

TEST(TurnReservation, AreBoundedInAll) {
  World world{kGenerous};
  for (std::size_t i = 0; i < kMaxReservations; ++i) {
    Client client(world, ("192.0.2.7:" + std::to_string(1000 + i)).c_str());
    ASSERT_TRUE(client.allocate(even_and_next).succeeded());
    client.refresh(0);
  }
  Client client(world, "192.0.2.8:1");
  EXPECT_EQ(client.allocate(even_and_next).error(), 508);
  EXPECT_TRUE(client.allocate().succeeded());
}

}  // namespace
}  // namespace porthole::turn::test
