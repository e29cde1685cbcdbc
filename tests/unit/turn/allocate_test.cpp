#include <gtest/gtest.h>

#include <set>

#include "unit/turn/turn_client.hpp"

namespace porthole::turn::test {
namespace {

TEST(TurnAllocate, ClientLearnsItsLabelItsLifetimeAndItsOwnAddress) {
  World world;
  Client client(world);
  const Answer answer = client.allocate();
  ASSERT_TRUE(answer.succeeded());
  const auto relayed = answer.message().xor_address(Attribute::xor_relayed_address);
  ASSERT_TRUE(relayed);
  EXPECT_EQ(relayed->ip, world.policy.label_ip);
  EXPECT_GE(relayed->port, 1024);
  EXPECT_EQ(answer.message().u32(Attribute::lifetime), 600U);
  EXPECT_EQ(answer.message().xor_address(Attribute::xor_mapped_address), client.path.remote);

  const AllocationId id = client.allocation();
  EXPECT_EQ(world.server.relayed_address(id, Family::ipv4), relayed);
  EXPECT_EQ(*world.server.client(id), client.path);
  EXPECT_EQ(world.server.username(id), client.username);
}

TEST(TurnAllocate, RetransmissionGetsTheVerySameAnswer) {
  World world;
  Client client(world);
  const Buffer request = client.allocate_request();
  const Answer first = client.send(request);
  ASSERT_TRUE(first.succeeded());
  world.advance(7s);
  client.refresh(3600);
  EXPECT_EQ(client.send(request).bytes, first.bytes);
  EXPECT_EQ(world.server.allocation_count(), 1U);
}

TEST(TurnAllocate, SecondAllocateOnALiveFiveTupleIsAMismatch) {
  World world;
  Client client(world);
  ASSERT_TRUE(client.allocate().succeeded());
  EXPECT_EQ(client.allocate().error(), 437);
  EXPECT_EQ(world.server.allocation_count(), 1U);
}

TEST(TurnAllocate, SameTransactionOfAnotherUserIsAMismatch) {
  World world;
  Client client(world);
  ASSERT_TRUE(client.allocate().succeeded());
  const stun::TransactionId transaction = client.transaction;
  client.use(world.secrets.mint("other", 1'800'003'600));
  const Buffer request = client.message(Class::request, Method::allocate, [&](stun::MessageBuilder& builder) {
    Client::udp_transport(builder);
    builder.add_text(Attribute::username, client.username);
    builder.add_text(Attribute::realm, client.realm);
    builder.add_text(Attribute::nonce, client.nonce);
    builder.add_integrity(client.key());
  });
  ASSERT_EQ(client.transaction, transaction);
  EXPECT_EQ(client.send(request).error(), 437);
}

TEST(TurnAllocate, FiveTuplesDoNotShareAllocations) {
  World world;
  Client udp(world);
  Client tcp(world, "192.0.2.7:50000", Transport::tcp);
  Client other_port(world, "192.0.2.7:50001");
  EXPECT_TRUE(udp.allocate().succeeded());
  EXPECT_TRUE(tcp.allocate().succeeded());
  EXPECT_TRUE(other_port.allocate().succeeded());
  EXPECT_EQ(world.server.allocation_count(), 3U);
}

TEST(TurnAllocate, TransportMustBeNamedAndMustBeUdp) {
  World world;
  Client client(world);
  client.learn();
  EXPECT_EQ(client.send(client.request(Method::allocate)).error(), 400);
  for (const std::uint32_t transport : {6U, 0U, 18U}) {
    const auto fill = [&](stun::MessageBuilder& builder) {
      builder.add_u32(Attribute::requested_transport, transport << 24);
    };
    EXPECT_EQ(client.send(client.request(Method::allocate, fill)).error(), 442);
  }
  EXPECT_EQ(world.server.allocation_count(), 0U);
}

TEST(TurnAllocate, LifetimeIsClampedToWhatWeGrant) {
  const std::pair<std::uint32_t, std::uint32_t> cases[] = {
      {0, 600}, {1, 600}, {600, 600}, {1000, 1000}, {3600, 3600}, {3601, 3600}, {0xffffffff, 3600}};
  int port = 50'000;
  World world{Limits{.allocations_per_user = 100}};
  for (const auto& [asked, granted] : cases) {
    Client client(world, ("192.0.2.7:" + std::to_string(port++)).c_str());
    const Answer answer =
        client.allocate([&](stun::MessageBuilder& builder) { builder.add_u32(Attribute::lifetime, asked); });
    EXPECT_EQ(answer.message().u32(Attribute::lifetime), granted) << asked;
  }
}

TEST(TurnAllocate, MalformedAttributesAreBadRequests) {
  World world;
  Client client(world);
  for (const Attribute type :
       {Attribute::lifetime, Attribute::even_port, Attribute::requested_address_family}) {
    const Buffer wrong_size(3);
    EXPECT_EQ(client.allocate([&](stun::MessageBuilder& builder) { builder.add(type, wrong_size); }).error(),
              400);
  }
}

TEST(TurnAllocate, EvenPortIsEven) {
  World world{Limits{.allocations_per_user = 100}};
  for (int i = 0; i < 20; ++i) {
    Client client(world, ("192.0.2.7:" + std::to_string(50'000 + i)).c_str());
    const Answer answer = client.allocate(
        [](stun::MessageBuilder& builder) { builder.add(Attribute::even_port, Buffer{0x00}); });
    EXPECT_EQ(answer.message().xor_address(Attribute::xor_relayed_address)->port % 2, 0);
  }
}

TEST(TurnAllocate, AddressFamilyIsGrantedWhereThereIsALabelOfIt) {
  World world;
  Client client(world);
  const auto family = [](std::uint32_t number) {
    return [number](stun::MessageBuilder& builder) {
      builder.add_u32(Attribute::requested_address_family, number << 24);
    };
  };
  EXPECT_EQ(client.allocate(family(2)).error(), 440);
  EXPECT_EQ(client.allocate(family(3)).error(), 440);
  world.policy.ipv6 = address("[2001:db8::1]:0");
  const Answer answer = client.allocate(family(2));
  ASSERT_TRUE(answer.succeeded());
  EXPECT_FALSE(answer.message().xor_address(Attribute::xor_relayed_address)->ip.is_v4());
  EXPECT_EQ(client.send(client.request(Method::refresh, family(1))).error(), 443);
  EXPECT_TRUE(client.send(client.request(Method::refresh, family(2))).succeeded());
}

TEST(TurnAllocate, DontFragmentIsGrantedSinceNothingIsEverFragmented) {
  World world;
  Client client(world);
  EXPECT_TRUE(
      client.allocate([](stun::MessageBuilder& b) { b.add_flag(Attribute::dont_fragment); }).succeeded());
}

TEST(TurnAllocate, UnknownRequiredAttributesAreNamedAndOthersIgnored) {
  World world;
  Client client(world);
  const Answer answer = client.allocate([](stun::MessageBuilder& builder) {
    for (std::uint16_t i = 0; i < 20; ++i) builder.add_flag(static_cast<Attribute>(0x7000 + i));
  });
  EXPECT_EQ(answer.error(), 420);
  EXPECT_EQ(answer.message().find(Attribute::unknown_attributes)->size(), kMaxUnknownListed * 2);
  EXPECT_TRUE(client.allocate([](stun::MessageBuilder& b) { b.add_flag(static_cast<Attribute>(0xC057)); })
                  .succeeded());
}

TEST(TurnAllocate, UserHasAQuotaAcrossRenewedCredentials) {
  World world{Limits{.allocations_per_user = 2}};
  Client first(world, "192.0.2.7:1");
  Client second(world, "192.0.2.7:2");
  second.use(world.secrets.mint("viewer", 1'800'007'200));
  Client third(world, "192.0.2.7:3");
  EXPECT_TRUE(first.allocate().succeeded());
  EXPECT_TRUE(second.allocate().succeeded());
  EXPECT_EQ(third.allocate().error(), 486);
  Client neighbour(world, "192.0.2.7:4");
  neighbour.use(world.secrets.mint("neighbour", 1'800'007'200));
  EXPECT_TRUE(neighbour.allocate().succeeded());
  ASSERT_TRUE(first.refresh(0).succeeded());
  EXPECT_TRUE(third.allocate().succeeded());
}

TEST(TurnAllocate, ServerIsFullAtItsLimit) {
  World world{Limits{.allocations = 2}};
  Client first(world, "192.0.2.7:1");
  Client second(world, "192.0.2.7:2");
  Client third(world, "192.0.2.7:3");
  EXPECT_TRUE(first.allocate().succeeded());
  EXPECT_TRUE(second.allocate().succeeded());
  EXPECT_EQ(third.allocate().error(), 508);
  world.advance(600s);
  EXPECT_TRUE(third.allocate().succeeded());
}

TEST(TurnRefresh, ZeroFreesAtOnce) {
  World world;
  Client client(world);
  ASSERT_TRUE(client.allocate().succeeded());
  const AllocationId id = client.allocation();
  const Answer answer = client.refresh(0);
  ASSERT_TRUE(answer.succeeded());
  EXPECT_EQ(answer.message().u32(Attribute::lifetime), 0U);
  const auto events = world.events();
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].kind, Event::Kind::gone);
  EXPECT_EQ(events[0].allocation, id);
  EXPECT_EQ(world.server.allocation_count(), 0U);
  EXPECT_EQ(world.server.next_timeout(), Instant::max());
  EXPECT_EQ(client.refresh(0).error(), 437);
  EXPECT_TRUE(client.allocate().succeeded());
}

TEST(TurnRefresh, ExtendsTheAllocationByWhatIsGranted) {
  World world;
  Client client(world);
  ASSERT_TRUE(client.allocate().succeeded());
  world.advance(599s);
  const Answer answer = client.refresh();
  EXPECT_EQ(answer.message().u32(Attribute::lifetime), 600U);
  world.advance(599s);
  EXPECT_EQ(world.server.allocation_count(), 1U);
  EXPECT_EQ(client.refresh(86'400).message().u32(Attribute::lifetime), 3600U);
  world.advance(3599s);
  EXPECT_EQ(world.server.allocation_count(), 1U);
  world.advance(1s);
  EXPECT_EQ(world.server.allocation_count(), 0U);
}

TEST(TurnRefresh, KeepsAnAllocationForADayAndWithoutItTheAllocationEndsOnTime) {
  World world;
  Client client(world), idle(world, "192.0.2.8:50000");
  client.use(world.secrets.mint("viewer", 1'800'000'000 + 25 * 3600));
  ASSERT_TRUE(client.allocate().succeeded());
  const AllocationId id = client.allocation();
  ASSERT_TRUE(idle.allocate().succeeded());
  for (int minute = 0; minute < 24 * 60; minute += 9) {
    Answer answer = client.refresh();
    if (answer.error() == 438) {
      client.nonce = *answer.message().text(Attribute::nonce);
      answer = client.refresh();
    }
    ASSERT_TRUE(answer.succeeded()) << minute;
    ASSERT_TRUE(client.permit({kPeer}).succeeded()) << minute;
    ASSERT_EQ(client.send_data(kPeer, {}).kind, Outcome::Kind::to_peer) << minute;
    world.advance(540s);
    ASSERT_NE(world.server.client(id), nullptr) << minute;
    ASSERT_EQ(world.server.allocation_count(), minute == 0 ? 2U : 1U) << minute;
  }
  world.advance(60s - 1ns);
  EXPECT_EQ(world.server.allocation_count(), 1U);
  world.advance(1ns);
  EXPECT_EQ(world.server.allocation_count(), 0U);
}

TEST(TurnRefresh, AnotherUserMayNotTouchTheAllocation) {
  World world;
  Client client(world);
  ASSERT_TRUE(client.allocate().succeeded());
  client.use(world.secrets.mint("other", 1'800'003'600));
  EXPECT_EQ(client.refresh(0).error(), 441);
  EXPECT_EQ(client.permit({kPeer}).error(), 441);
  EXPECT_EQ(client.bind(0x4000, kPeer).error(), 441);
  EXPECT_EQ(world.server.allocation_count(), 1U);
}

TEST(TurnRefresh, WithoutAnAllocationIsAMismatch) {
  World world;
  Client client(world);
  client.learn();
  EXPECT_EQ(client.refresh().error(), 437);
  EXPECT_EQ(client.permit({kPeer}).error(), 437);
  EXPECT_EQ(client.bind(0x4000, kPeer).error(), 437);
}

TEST(TurnLifetime, AllocationEndsOnTimeAndSaysSo) {
  World world;
  Client client(world);
  ASSERT_TRUE(client.allocate().succeeded());
  const AllocationId id = client.allocation();
  EXPECT_EQ(world.server.next_timeout(), world.now + 600s);
  world.advance(600s - 1ns);
  EXPECT_EQ(world.server.allocation_count(), 1U);
  world.advance(1ns);
  EXPECT_EQ(world.server.allocation_count(), 0U);
  EXPECT_EQ(world.server.next_timeout(), Instant::max());
  EXPECT_EQ(world.events().at(0).allocation, id);
  EXPECT_FALSE(world.server.relayed_address(id, Family::ipv4));
  EXPECT_EQ(world.server.client(id), nullptr);
  EXPECT_EQ(world.server.username(id), "");
}

TEST(TurnLifetime, ExpiredAllocationIsGoneEvenIfNoTimerFired) {
  World world;
  Client client(world);
  ASSERT_TRUE(client.allocate().succeeded());
  ASSERT_TRUE(client.permit({kPeer}).succeeded());
  const AllocationId id = client.allocation();
  world.now += 500s;
  ASSERT_TRUE(client.permit({kPeer}).succeeded());
  world.now += 100s;
  EXPECT_FALSE(world.server.framing(id, kPeer, world.now));
  EXPECT_EQ(client.refresh().error(), 437);
}

TEST(TurnLifetime, ClosedConnectionEndsItsAllocation) {
  World world;
  Client client(world, "192.0.2.7:50000", Transport::tcp);
  Client neighbour(world, "192.0.2.8:50000", Transport::tcp);
  ASSERT_TRUE(client.allocate().succeeded());
  ASSERT_TRUE(neighbour.allocate().succeeded());
  const AllocationId id = client.allocation();
  world.server.handle_disconnect(client.path, world.now);
  EXPECT_EQ(world.server.allocation_count(), 1U);
  EXPECT_EQ(world.server.client(id), nullptr);
  world.server.handle_disconnect(client.path, world.now);
  EXPECT_EQ(world.server.allocation_count(), 1U);
}

TEST(TurnLifetime, NodeMayReleaseAnAllocationThatServesNobody) {
  World world;
  Client client(world);
  ASSERT_TRUE(client.allocate().succeeded());
  const AllocationId id = client.allocation();
  world.server.release(id, world.now);
  EXPECT_EQ(world.server.allocation_count(), 0U);
  EXPECT_EQ(world.events().size(), 1U);
  world.server.release(id, world.now);
  EXPECT_TRUE(world.events().empty());
  EXPECT_TRUE(client.allocate().succeeded());
}

TEST(TurnLifetime, LabelOfAnEndedAllocationRestsAndIsUsedAgain) {
  World world(World::config({}), PortRange{5000, 5000});
  Client client(world);
  ASSERT_TRUE(client.allocate().succeeded());
  Client next(world, "192.0.2.8:50000");
  EXPECT_EQ(next.allocate().error(), 508);
  client.refresh(0);
  EXPECT_EQ(next.allocate().error(), 508);
  world.advance(kLabelRest);
  EXPECT_TRUE(next.allocate().succeeded());
}

TEST(TurnLifetime, NumbersAreNeverUsedAgain) {
  World world;
  std::set<AllocationId> seen;
  for (int i = 0; i < 50; ++i) {
    Client client(world, ("192.0.2.7:" + std::to_string(1000 + i)).c_str());
    ASSERT_TRUE(client.allocate().succeeded());
    EXPECT_TRUE(seen.insert(client.allocation()).second);
    client.refresh(0);
  }
}

}  // namespace
}  // namespace porthole::turn::test
