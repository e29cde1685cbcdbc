// Wounds that others had, each as a promise that it is none of ours. Those about which peers can be reached
// are in tests/unit/node/peer_policy_test.cpp, those about framing in tests/unit/wire.
#include <gtest/gtest.h>

#include "unit/turn/turn_client.hpp"

namespace porthole::turn::test {
namespace {

constexpr auto kAccessToken = static_cast<Attribute>(0x001B);  // RFC 7635
constexpr auto kConnect = static_cast<Method>(0x00A);          // RFC 6062
constexpr auto kConnectionBind = static_cast<Method>(0x00B);

// coturn, CVE-2026-40613: attributes were read as words wherever they stood, and some processors stop there.
// The sanitizer of this build stops at such a read on any.
TEST(Wounds, MessagesAtOddAddressesAreRead) {
  World world;
  Client client(world);
  for (std::size_t shift = 0; shift < 8; ++shift) {
    Buffer shifted(shift);
    const Buffer request = client.allocate_request();
    shifted.insert(shifted.end(), request.begin(), request.end());
    Buffer out(kMaxReply + shift);
    const Outcome outcome =
        world.server.handle_message(client.path, Bytes(shifted).subspan(shift),
                                    MutableBytes(out).subspan(shift), world.now, world.wall_clock);
    ASSERT_EQ(outcome.kind, Outcome::Kind::reply) << shift;
    EXPECT_TRUE(stun::parse(outcome.reply)->is(Class::success, Method::allocate)) << shift;
    client.refresh(0);
  }
}

// coturn, CVE-2026-43994: a token's own length was believed, before anybody had proved anything. We take no
// tokens.
TEST(Wounds, TokensAreRefusedWhateverTheirLength) {
  World world;
  Client client(world);
  for (const std::size_t size : {0U, 2U, 256U, 737U, 2000U}) {
    Buffer token(size, 0xff);
    const Fill with_token = [&](stun::MessageBuilder& builder) {
      builder.add_text(Attribute::software, "client");
      builder.add(kAccessToken, token);
    };
    world.advance(1s);
    EXPECT_EQ(client.send(client.message(Class::request, Method::allocate, with_token)).error(), 401);
    const Answer answer = client.allocate(with_token);
    EXPECT_EQ(answer.error(), 420);
    EXPECT_TRUE(answer.message().has(Attribute::unknown_attributes));
  }
  EXPECT_EQ(world.server.allocation_count(), 0U);
}

// libjuice#288: a permission was kept and never asked for.
TEST(Wounds, PermissionsAreAskedForInBothDirections) {
  World world;
  Client client(world);
  ASSERT_TRUE(client.allocate().succeeded());
  const AllocationId id = client.allocation();
  EXPECT_EQ(client.send_data(kPeer, {}).kind, Outcome::Kind::nothing);
  EXPECT_FALSE(world.server.framing(id, kPeer, world.now));
  ASSERT_TRUE(client.permit({kPeer}).succeeded());
  EXPECT_EQ(client.send_data(kPeer, {}).kind, Outcome::Kind::to_peer);
  EXPECT_TRUE(world.server.framing(id, kPeer, world.now));
}

// pion/turn#570: TCP connections to peers went round the check that datagrams had to pass.
TEST(Wounds, ThereIsNoSecondWayToPeers) {
  World world;
  Client client(world, "192.0.2.7:50000", Transport::tcp);
  client.learn();
  EXPECT_EQ(client
                .send(client.request(Method::allocate,
                                     [](stun::MessageBuilder& builder) {
                                       builder.add_u32(Attribute::requested_transport, 6U << 24);
                                     }))
                .error(),
            442);
  ASSERT_TRUE(client.allocate().succeeded());
  for (const Method method : {kConnect, kConnectionBind}) {
    const Answer answer = client.send(client.request(method, [](stun::MessageBuilder& builder) {
      builder.add_xor_address(Attribute::xor_peer_address, kPeer);
    }));
    EXPECT_EQ(answer.kind, Outcome::Kind::nothing);
  }
}

// LiveKit before 1.12: any peer could be named. Every way of naming one asks the policy.
TEST(Wounds, EveryWayToNameAPeerAsksThePolicy) {
  World world;
  Client client(world);
  const SocketAddress stranger = address("203.0.113.1:22");
  ASSERT_TRUE(client.allocate().succeeded());
  ASSERT_TRUE(client.permit({kPeer}).succeeded());
  ASSERT_TRUE(client.bind(0x4000, kPeer).succeeded());
  EXPECT_EQ(client.permit({stranger}).error(), 403);
  EXPECT_EQ(client.bind(0x4001, stranger).error(), 403);
  EXPECT_EQ(client.send_data(stranger, {}).kind, Outcome::Kind::nothing);
  EXPECT_EQ(client.send_channel_data(0x4001, {}).kind, Outcome::Kind::nothing);
  world.policy.peers.clear();
  EXPECT_EQ(client.send_data(kPeer, {}).kind, Outcome::Kind::nothing);
  EXPECT_EQ(client.send_channel_data(0x4000, {}).kind, Outcome::Kind::nothing);
  EXPECT_FALSE(world.server.framing(client.allocation(), kPeer, world.now));
}

// icey: a Binding indication, which ICE sends as a keepalive, ended the process.
TEST(Wounds, BindingIndicationIsTakenInSilence) {
  World world;
  Client client(world);
  for (int round = 0; round < 2; ++round) {
    const Buffer keepalive = client.message(Class::indication, Method::binding, [](stun::MessageBuilder&) {});
    EXPECT_EQ(client.send(keepalive).kind, Outcome::Kind::nothing);
    ASSERT_TRUE(round == 1 || client.allocate().succeeded());
  }
  EXPECT_TRUE(client.refresh().succeeded());
}

// icey: allocations ended after 15 minutes, whatever Refresh said.
TEST(Wounds, RefreshedAllocationOutlivesAnyFixedTime) {
  World world;
  Client client(world);
  ASSERT_TRUE(client.allocate().succeeded());
  for (int i = 0; i < 12; ++i) {
    ASSERT_TRUE(client.refresh(600).succeeded());
    world.advance(599s);
  }
  EXPECT_EQ(world.server.allocation_count(), 1U);
}

// OvenMediaEngine: lengths from 0xFFFC up wrapped around in 16 bits when padding was added.
TEST(Wounds, ChannelDataLengthsDoNotWrap) {
  World world;
  Client client(world, "192.0.2.7:50000", Transport::tcp);
  ASSERT_TRUE(client.allocate().succeeded());
  ASSERT_TRUE(client.bind(0x4000, kPeer).succeeded());
  for (const std::size_t size : {0x0000U, 0xFFFCU, 0xFFFDU, 0xFFFEU, 0xFFFFU}) {
    world.advance(1s);
    const Answer answer = client.send_channel_data(0x4000, Buffer(size));
    ASSERT_EQ(answer.kind, Outcome::Kind::to_peer) << size;
    EXPECT_EQ(answer.to_peer.data.size(), size);
    client.sent.resize(client.sent.size() / 2);
    EXPECT_EQ(client.send(client.sent).kind, Outcome::Kind::nothing) << size;
  }
}

// OvenMediaEngine: the credentials were fixed, and nobody compared them.
TEST(Wounds, CredentialsAreCompared) {
  World world;
  Client client(world);
  client.learn();
  client.password.back() = client.password.back() == '=' ? 'A' : '=';
  EXPECT_EQ(client.allocate().error(), 401);
  client.password.clear();
  EXPECT_EQ(client.allocate().error(), 401);
  EXPECT_EQ(world.server.allocation_count(), 0U);
}

}  // namespace
}  // namespace porthole::turn::test
