// Servers of one port that count together, and hand over what another of them has reserved.
#include <gtest/gtest.h>

#include "unit/turn/turn_client.hpp"

namespace porthole::turn::test {
namespace {

Config config_with(const Commons& commons) {
  Config made = World::config({});
  made.commons = commons;
  return made;
}

// Two servers, and clients at each.
struct Port {
  explicit Port(const Commons& commons) : one(config_with(commons)), other(config_with(commons)) {}

  World one, other;
  Client first{one, "192.0.2.7:1"};
  Client second{other, "192.0.2.7:2"};
  Client third{one, "192.0.2.7:3"};
};

Commons of_clients(const QuotaLimits& limits) {
  Commons made;
  made.allocations = std::make_shared<PlainQuota<IpAddress>>(limits);
  return made;
}

void even_and_next(stun::MessageBuilder& builder) {
  builder.add(Attribute::even_port, Buffer{0x80});
}

Fill with_token_of(const Answer& answer) {
  const auto token = answer.message().find(Attribute::reservation_token).value();
  return [bytes = Buffer(token.begin(), token.end())](stun::MessageBuilder& builder) {
    builder.add(Attribute::reservation_token, bytes);
  };
}

TEST(TurnCommons, AllAllocationsCountWhereverTheyAre) {
  Port port(of_clients({.in_all = 2}));
  EXPECT_TRUE(port.first.allocate().succeeded());
  EXPECT_TRUE(port.second.allocate().succeeded());
  EXPECT_EQ(port.third.allocate().error(), 508);
  EXPECT_EQ(port.second.refresh(0).error(), 0);
  EXPECT_TRUE(port.third.allocate().succeeded());
}

TEST(TurnCommons, AnAddressHasItsShareOnce) {
  Port port(of_clients({.of_a_kind = 2}));
  EXPECT_TRUE(port.first.allocate().succeeded());
  EXPECT_TRUE(port.second.allocate().succeeded());
  EXPECT_EQ(port.third.allocate().error(), 486);
  Client elsewhere(port.one, "192.0.2.8:1");
  EXPECT_TRUE(elsewhere.allocate().succeeded());
}

TEST(TurnCommons, AUserHasItsShareOnceWithWhatIsReserved) {
  Commons commons;
  commons.users = std::make_shared<PlainQuota<std::string>>(QuotaLimits{.of_a_kind = 2});
  Port port(commons);
  EXPECT_TRUE(port.first.allocate(even_and_next).succeeded());
  EXPECT_EQ(port.second.allocate().error(), 486);
  port.one.advance(kReservationLifetime);
  EXPECT_TRUE(port.second.allocate().succeeded());
  EXPECT_EQ(port.third.allocate().error(), 486);
}

TEST(TurnCommons, WhatEndsByItselfMakesRoom) {
  Port port(of_clients({.in_all = 1}));
  EXPECT_TRUE(port.first.allocate().succeeded());
  EXPECT_EQ(port.second.allocate().error(), 508);
  port.one.advance(kDefaultLifetime);
  EXPECT_TRUE(port.second.allocate().succeeded());
}

TEST(TurnCommons, AnotherServerHandsOverWhatIsReserved) {
  Commons commons;
  commons.reservations = std::make_shared<PlainReservations>();
  Port port(commons);
  const Answer pair = port.first.allocate(even_and_next);
  const Answer next = port.second.allocate(with_token_of(pair));
  ASSERT_TRUE(next.succeeded());
  EXPECT_EQ(next.message().xor_address(Attribute::xor_relayed_address)->port,
            pair.message().xor_address(Attribute::xor_relayed_address)->port + 1);
  EXPECT_EQ(port.third.allocate(with_token_of(pair)).error(), 508);
  EXPECT_EQ(commons.reservations->next_expiry(), Instant::max());
}

TEST(TurnCommons, WithoutCommonReservationsAnotherServerKnowsNoToken) {
  Port port({});
  const Answer pair = port.first.allocate(even_and_next);
  EXPECT_EQ(port.second.allocate(with_token_of(pair)).error(), 508);
  EXPECT_TRUE(port.third.allocate(with_token_of(pair)).succeeded());
}

// Addresses that may be had and then cannot be used.
class NotAdopted final : public RelayAddresses {
 public:
  std::optional<Taken> take(const IpAddress& ip, Parity, Instant) override {
    return Taken{{ip, 5000}, SocketAddress{ip, 5001}};
  }
  bool adopt(const SocketAddress&) override { return false; }
  void release(const SocketAddress& address, Instant) override { released.push_back(address.port); }

  std::vector<std::uint16_t> released;
};

TEST(TurnCommons, WhatCannotBeHandedOverIsGivenUp) {
  World world;
  NotAdopted addresses;
  Server server(World::config({}), world.secrets, world.policy, addresses, world.random);
  Client client(world, "192.0.2.7:1");
  const auto send = [&](const Buffer& request, std::uint16_t port) {
    Buffer out(kMaxReply);
    FiveTuple path = client.path;
    path.remote.port = port;
    const Outcome outcome = server.handle_message(path, request, out, world.now, world.wall_clock);
    return Answer{outcome.kind, Buffer(outcome.reply.begin(), outcome.reply.end()), {}};
  };
  const Answer pair = send(client.allocate_request(even_and_next), 1);
  ASSERT_TRUE(pair.succeeded());
  EXPECT_EQ(send(client.allocate_request(with_token_of(pair)), 2).error(), 508);
  EXPECT_EQ(addresses.released, std::vector<std::uint16_t>{5001});
}

}  // namespace
}  // namespace porthole::turn::test
