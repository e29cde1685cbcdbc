// ADDITIONAL-ADDRESS-FAMILY: an IPv4 and an IPv6 relayed address in one allocation (RFC 8656 section 7.2).
#include <gtest/gtest.h>

#include "unit/turn/turn_client.hpp"

namespace porthole::turn::test {
namespace {

const SocketAddress kPeerV6 = address("[2001:db8::1]:8443");

void both(stun::MessageBuilder& builder) {
  builder.add_u32(Attribute::additional_address_family, 2U << 24);
}

struct DualWorld : World {
  explicit DualWorld(Config config = World::config({}), PortRange ports = {})
      : World(std::move(config), ports) {
    policy.ipv6 = address("[2001:db8::1]:0");
    policy.peers.push_back(kPeerV6);
  }
};

Answer refresh(Client& client, World&, std::uint32_t seconds, std::uint8_t family) {
  return client.send(client.request(Method::refresh, [&](stun::MessageBuilder& builder) {
    builder.add_u32(Attribute::lifetime, seconds);
    builder.add_u32(Attribute::requested_address_family, std::uint32_t{family} << 24);
  }));
}

TEST(TurnDualAllocation, GivesAnAddressOfEachFamily) {
  DualWorld world;
  Client client(world);
  const Answer answer = client.allocate(both);
  ASSERT_TRUE(answer.succeeded());
  ASSERT_EQ(answer.message().count(Attribute::xor_relayed_address), 2U);
  EXPECT_FALSE(answer.message().has(Attribute::address_error_code));
  const auto v4 = answer.message().nth_xor_address(Attribute::xor_relayed_address, 0);
  const auto v6 = answer.message().nth_xor_address(Attribute::xor_relayed_address, 1);
  EXPECT_EQ(v4->ip, world.policy.label_ip);
  EXPECT_EQ(v6->ip, world.policy.ipv6->ip);
  const AllocationId id = client.allocation();
  EXPECT_EQ(world.server.relayed_address(id, Family::ipv4), v4);
  EXPECT_EQ(world.server.relayed_address(id, Family::ipv6), v6);
  EXPECT_EQ(world.server.allocation_at(*v4), id);
  EXPECT_EQ(world.server.allocation_at(*v6), id);
  EXPECT_TRUE(client.permit({kPeer, kPeerV6}).succeeded());
}

TEST(TurnDualAllocation, OneFamilyIsBetterThanNoneAndTheOtherIsExplained) {
  World world;
  Client client(world);
  const Answer answer = client.allocate(both);
  ASSERT_TRUE(answer.succeeded());
  EXPECT_EQ(answer.message().count(Attribute::xor_relayed_address), 1U);
  // Family 2 (IPv6), class 4, number 40.
  EXPECT_EQ(answer.message().u32(Attribute::address_error_code), 0x02000428U);
  EXPECT_EQ(client.permit({kPeerV6}).error(), 443);
}

TEST(TurnDualAllocation, WithoutEitherFamilyThereIsNoAllocation) {
  DualWorld world(World::config({}), PortRange{5000, 5000});
  Client first(world, "192.0.2.7:1"), second(world, "192.0.2.7:2");
  EXPECT_TRUE(first.allocate(both).succeeded());
  EXPECT_EQ(second.allocate(both).error(), 508);
  EXPECT_EQ(world.server.allocation_count(), 1U);
}

TEST(TurnDualAllocation, ContradictoryWishesAreBadRequests) {
  DualWorld world;
  Client client(world);
  for (const Fill& wish :
       {Fill([](stun::MessageBuilder& b) { b.add_u32(Attribute::additional_address_family, 1U << 24); }),
        Fill([](stun::MessageBuilder& b) { b.add_flag(Attribute::additional_address_family); }),
        Fill([](stun::MessageBuilder& b) {
          both(b);
          b.add_u32(Attribute::requested_address_family, 2U << 24);
        }),
        Fill([](stun::MessageBuilder& b) {
          both(b);
          b.add(Attribute::even_port, Buffer{0x80});
        })}) {
    EXPECT_EQ(client.allocate(wish).error(), 400);
  }
  EXPECT_TRUE(client.allocate(both).succeeded());
}

TEST(TurnDualAllocation, OneFamilyMayBeFreedByItself) {
  DualWorld world;
  Client client(world);
  ASSERT_TRUE(client.allocate(both).succeeded());
  ASSERT_TRUE(client.permit({kPeer, kPeerV6}).succeeded());
  const AllocationId id = client.allocation();
  const SocketAddress v6 = *world.server.relayed_address(id, Family::ipv6);
  EXPECT_TRUE(refresh(client, world, 0, 2).succeeded());
  EXPECT_FALSE(world.server.relayed_address(id, Family::ipv6));
  EXPECT_EQ(world.server.allocation_at(v6), AllocationId::none);
  EXPECT_FALSE(world.server.framing(id, kPeerV6, world.now));
  EXPECT_EQ(client.send_data(kPeerV6, {}).kind, Outcome::Kind::nothing);
  EXPECT_TRUE(world.server.framing(id, kPeer, world.now));
  EXPECT_EQ(refresh(client, world, 0, 2).error(), 443);
  EXPECT_EQ(world.server.allocation_count(), 1U);
  EXPECT_TRUE(refresh(client, world, 0, 1).succeeded());
  EXPECT_EQ(world.server.allocation_count(), 0U);
  EXPECT_EQ(world.addresses.in_use(), 0U);
}

TEST(TurnDualAllocation, RefreshWithoutAFamilyIsAboutBoth) {
  DualWorld world;
  Client client(world);
  ASSERT_TRUE(client.allocate(both).succeeded());
  EXPECT_TRUE(client.refresh(0).succeeded());
  EXPECT_EQ(world.addresses.in_use(), 0U);
  EXPECT_EQ(world.server.allocation_count(), 0U);
}

}  // namespace
}  // namespace porthole::turn::test
