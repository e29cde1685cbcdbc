#include <gtest/gtest.h>

#include "unit/turn/turn_client.hpp"

namespace porthole::turn::test {
namespace {

// A client with an allocation and nothing else.
struct Allocated : World {
  explicit Allocated(Limits limits = {}, Transport transport = Transport::udp)
      : World(limits), client(*this, "192.0.2.7:50000", transport) {
    EXPECT_TRUE(client.allocate().succeeded());
    id = client.allocation();
  }
  bool reaches(const SocketAddress& peer) {
    return client.send_data(peer, {}).kind == Outcome::Kind::to_peer;
  }
  bool hears(const SocketAddress& peer) { return server.framing(id, peer, now).has_value(); }

  Client client;
  AllocationId id = AllocationId::none;
};

TEST(TurnPermission, OpensBothDirections) {
  Allocated world;
  EXPECT_FALSE(world.reaches(kPeer));
  EXPECT_FALSE(world.hears(kPeer));
  ASSERT_TRUE(world.client.permit({kPeer}).succeeded());
  EXPECT_TRUE(world.reaches(kPeer));
  EXPECT_TRUE(world.hears(kPeer));
  EXPECT_FALSE(world.reaches(kOtherPeer));
  EXPECT_FALSE(world.hears(kOtherPeer));
}

TEST(TurnPermission, ExpiresAfterFiveMinutes) {
  Allocated world;
  ASSERT_TRUE(world.client.permit({kPeer}).succeeded());
  EXPECT_EQ(world.server.framing(world.id, kPeer, world.now)->valid_until(), world.now + 300s);
  world.advance(300s - 1ns);
  EXPECT_TRUE(world.reaches(kPeer));
  EXPECT_TRUE(world.hears(kPeer));
  world.advance(1ns);
  EXPECT_FALSE(world.reaches(kPeer));
  EXPECT_FALSE(world.hears(kPeer));
}

TEST(TurnPermission, IsRenewedByRequestsOnlyAndNotByTraffic) {
  Allocated world;
  ASSERT_TRUE(world.client.permit({kPeer}).succeeded());
  world.advance(200s);
  EXPECT_TRUE(world.reaches(kPeer));
  EXPECT_TRUE(world.hears(kPeer));
  world.advance(99s);
  ASSERT_TRUE(world.client.permit({kPeer}).succeeded());
  world.advance(299s);
  EXPECT_TRUE(world.reaches(kPeer));
  world.advance(1s);
  EXPECT_FALSE(world.reaches(kPeer));
}

TEST(TurnPermission, ForbiddenPeerGets403) {
  Allocated world;
  for (const char* peer : {"203.0.113.1:8444", "203.0.113.2:8443", "127.0.0.1:8443", "203.0.113.1:0"}) {
    EXPECT_EQ(world.client.permit({address(peer)}).error(), 403) << peer;
    EXPECT_FALSE(world.reaches(address(peer)));
  }
}

TEST(TurnPermission, MixedListInstallsNothing) {
  Allocated world;
  EXPECT_EQ(world.client.permit({kPeer, address("127.0.0.1:8443"), kOtherPeer}).error(), 403);
  EXPECT_FALSE(world.reaches(kPeer));
  EXPECT_FALSE(world.reaches(kOtherPeer));
  EXPECT_EQ(world.client.permit({kPeer, address("[2001:db8::1]:8443")}).error(), 443);
  EXPECT_FALSE(world.reaches(kPeer));
  ASSERT_TRUE(world.client.permit({kPeer, kOtherPeer}).succeeded());
  EXPECT_TRUE(world.reaches(kPeer));
  EXPECT_TRUE(world.reaches(kOtherPeer));
}

TEST(TurnPermission, WithoutAPeerIsABadRequest) {
  Allocated world;
  EXPECT_EQ(world.client.permit({}).error(), 400);
  const auto malformed = [](stun::MessageBuilder& builder) {
    builder.add_xor_address(Attribute::xor_peer_address, kPeer);
    builder.add(Attribute::xor_peer_address, Buffer(7));
  };
  EXPECT_EQ(world.client.send(world.client.request(Method::create_permission, malformed)).error(), 400);
  EXPECT_FALSE(world.reaches(kPeer));
}

TEST(TurnPermission, IsForAnAddressButReachesListedPortsOnly) {
  Allocated world;
  world.policy.peers.push_back(address("203.0.113.1:9000"));
  ASSERT_TRUE(world.client.permit({kPeer}).succeeded());
  EXPECT_TRUE(world.reaches(address("203.0.113.1:9000")));
  EXPECT_FALSE(world.reaches(address("203.0.113.1:9001")));
}

TEST(TurnPermission, RevokedPeerIsUnreachableAtOnce) {
  Allocated world;
  ASSERT_TRUE(world.client.bind(0x4000, kPeer).succeeded());
  world.policy.peers.clear();
  EXPECT_FALSE(world.reaches(kPeer));
  EXPECT_FALSE(world.hears(kPeer));
  EXPECT_EQ(world.client.send_channel_data(0x4000, {}).kind, Outcome::Kind::nothing);
}

TEST(TurnPermission, AreBoundedPerAllocation) {
  Allocated world{Limits{.permissions_per_allocation = 3}};
  std::vector<SocketAddress> peers;
  for (std::uint32_t i = 0; i < 6; ++i) peers.push_back({IpAddress::v4(0x0a000000 + i), 1000});
  world.policy.peers = peers;
  EXPECT_EQ(world.client.permit({peers[0], peers[1], peers[2], peers[3]}).error(), 508);
  EXPECT_FALSE(world.reaches(peers[0]));
  // The same one several times is one.
  EXPECT_TRUE(world.client.permit({peers[0], peers[0], peers[0], peers[1], peers[2]}).succeeded());
  EXPECT_TRUE(world.client.permit({peers[0]}).succeeded());
  EXPECT_EQ(world.client.permit({peers[3]}).error(), 508);
  EXPECT_EQ(world.client.bind(0x4000, peers[3]).error(), 508);
  EXPECT_TRUE(world.client.bind(0x4000, peers[0]).succeeded());
  world.advance(300s);
  EXPECT_TRUE(world.client.permit({peers[3], peers[4], peers[5]}).succeeded());
}

TEST(TurnChannel, BindPermitsThePeerToo) {
  Allocated world;
  ASSERT_TRUE(world.client.bind(0x4000, kPeer).succeeded());
  EXPECT_TRUE(world.reaches(kPeer));
  EXPECT_TRUE(world.server.framing(world.id, kPeer, world.now)->is_channel());
  const Buffer data{1, 2, 3};
  const Answer answer = world.client.send_channel_data(0x4000, data);
  ASSERT_EQ(answer.kind, Outcome::Kind::to_peer);
  EXPECT_EQ(answer.to_peer.peer, kPeer);
  EXPECT_EQ(answer.to_peer.allocation, world.id);
  EXPECT_TRUE(std::ranges::equal(answer.to_peer.data, data));
}

TEST(TurnChannel, ExpiresAfterTenMinutesAndItsPermissionAfterFive) {
  Allocated world;
  ASSERT_TRUE(world.client.refresh(3600).succeeded());
  ASSERT_TRUE(world.client.bind(0x4000, kPeer).succeeded());
  EXPECT_EQ(world.server.framing(world.id, kPeer, world.now)->valid_until(), world.now + 300s);
  world.advance(300s);
  EXPECT_FALSE(world.hears(kPeer));
  EXPECT_EQ(world.client.send_channel_data(0x4000, {}).kind, Outcome::Kind::to_peer);
  ASSERT_TRUE(world.client.permit({kPeer}).succeeded());
  EXPECT_TRUE(world.server.framing(world.id, kPeer, world.now)->is_channel());
  world.advance(300s - 1ns);
  EXPECT_EQ(world.client.send_channel_data(0x4000, {}).kind, Outcome::Kind::to_peer);
  world.advance(1ns);
  EXPECT_EQ(world.client.send_channel_data(0x4000, {}).kind, Outcome::Kind::nothing);
}

TEST(TurnChannel, DataIndicationsTakeOverWhenTheChannelEnds) {
  Allocated world;
  ASSERT_TRUE(world.client.refresh(3600).succeeded());
  ASSERT_TRUE(world.client.bind(0x4000, kPeer).succeeded());
  world.advance(590s);
  ASSERT_TRUE(world.client.permit({kPeer}).succeeded());
  const auto framing = world.server.framing(world.id, kPeer, world.now);
  EXPECT_TRUE(framing->is_channel());
  EXPECT_EQ(framing->valid_until(), world.now + 10s);
  world.advance(10s);
  ASSERT_TRUE(world.hears(kPeer));
  EXPECT_FALSE(world.server.framing(world.id, kPeer, world.now)->is_channel());
}

TEST(TurnChannel, RebindingThePairRenewsIt) {
  Allocated world;
  ASSERT_TRUE(world.client.refresh(3600).succeeded());
  ASSERT_TRUE(world.client.bind(0x4000, kPeer).succeeded());
  world.advance(599s);
  ASSERT_TRUE(world.client.bind(0x4000, kPeer).succeeded());
  world.advance(299s);
  EXPECT_TRUE(world.hears(kPeer));
  world.advance(300s);
  EXPECT_EQ(world.client.send_channel_data(0x4000, {}).kind, Outcome::Kind::to_peer);
}

TEST(TurnChannel, MixedPairsAreBadRequests) {
  Allocated world;
  ASSERT_TRUE(world.client.bind(0x4000, kPeer).succeeded());
  EXPECT_EQ(world.client.bind(0x4000, kOtherPeer).error(), 400);
  EXPECT_EQ(world.client.bind(0x4001, kPeer).error(), 400);
  ASSERT_TRUE(world.client.bind(0x4001, kOtherPeer).succeeded());
  EXPECT_EQ(world.client.bind(0x4001, kPeer).error(), 400);
  EXPECT_EQ(world.client.send_channel_data(0x4000, {}).to_peer.peer, kPeer);
  EXPECT_EQ(world.client.send_channel_data(0x4001, {}).to_peer.peer, kOtherPeer);
}

TEST(TurnChannel, NumbersAndPairsAreFreeAgainAfterExpiry) {
  Allocated world;
  ASSERT_TRUE(world.client.refresh(3600).succeeded());
  ASSERT_TRUE(world.client.bind(0x4000, kPeer).succeeded());
  world.advance(600s);
  EXPECT_TRUE(world.client.bind(0x4000, kOtherPeer).succeeded());
  EXPECT_TRUE(world.client.bind(0x4001, kPeer).succeeded());
}

TEST(TurnChannel, NumbersOutsideTheRangeAreBadRequests) {
  Allocated world;
  for (const int number : {0, 0x3fff, 0x5000, 0x7fff, 0xffff}) {
    EXPECT_EQ(world.client.bind(static_cast<std::uint16_t>(number), kPeer).error(), 400) << number;
  }
  EXPECT_TRUE(world.client.bind(0x4fff, kPeer).succeeded());
}

TEST(TurnChannel, OlderStandardsNumbersAreAcceptedOnStreams) {
  Allocated world({}, Transport::tcp);
  EXPECT_EQ(world.client.bind(0x3fff, kPeer).error(), 400);
  EXPECT_EQ(world.client.bind(0x8000, kPeer).error(), 400);
  ASSERT_TRUE(world.client.bind(0x7fff, kPeer).succeeded());
  EXPECT_EQ(world.client.send_channel_data(0x7fff, {}).kind, Outcome::Kind::to_peer);
}

TEST(TurnChannel, MissingAttributesAreBadRequests) {
  Allocated world;
  const auto only_number = [](stun::MessageBuilder& b) { b.add_u32(Attribute::channel_number, 0x40000000); };
  const auto only_peer = [](stun::MessageBuilder& b) {
    b.add_xor_address(Attribute::xor_peer_address, kPeer);
  };
  EXPECT_EQ(world.client.send(world.client.request(Method::channel_bind, only_number)).error(), 400);
  EXPECT_EQ(world.client.send(world.client.request(Method::channel_bind, only_peer)).error(), 400);
}

TEST(TurnChannel, ForbiddenAndForeignPeersAreRefused) {
  Allocated world;
  EXPECT_EQ(world.client.bind(0x4000, address("127.0.0.1:8443")).error(), 403);
  EXPECT_EQ(world.client.bind(0x4000, address("[2001:db8::1]:8443")).error(), 443);
  EXPECT_EQ(world.client.send_channel_data(0x4000, {}).kind, Outcome::Kind::nothing);
}

TEST(TurnChannel, AreBoundedPerAllocation) {
  Allocated world{Limits{.channels_per_allocation = 1}};
  ASSERT_TRUE(world.client.bind(0x4000, kPeer).succeeded());
  EXPECT_EQ(world.client.bind(0x4001, kOtherPeer).error(), 508);
  EXPECT_FALSE(world.reaches(kOtherPeer));
  EXPECT_TRUE(world.client.bind(0x4000, kPeer).succeeded());
}

TEST(TurnEvents, NodeLearnsThatFramingChangedButNotOfRenewals) {
  Allocated world;
  const auto changed = [&] {
    const auto events = world.events();
    return events.size() == 1 && events[0].kind == Event::Kind::framing_changed &&
           events[0].allocation == world.id;
  };
  world.client.permit({kPeer});
  EXPECT_TRUE(changed());
  world.client.permit({kPeer});
  EXPECT_TRUE(world.events().empty());
  world.client.bind(0x4000, kPeer);
  EXPECT_TRUE(changed());
  world.client.bind(0x4000, kPeer);
  EXPECT_TRUE(world.events().empty());
  world.client.permit({address("127.0.0.1:1")});
  EXPECT_TRUE(world.events().empty());
}

}  // namespace
}  // namespace porthole::turn::test
