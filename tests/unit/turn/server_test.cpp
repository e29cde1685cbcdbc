#include "turn/server.hpp"

#include <gtest/gtest.h>

#include "unit/turn/turn_client.hpp"

namespace porthole::turn::test {
namespace {

TEST(TurnServer, PlainBindingRequestLearnsItsAddress) {
  World world;
  for (const char* remote : {"192.0.2.7:50000", "[2001:db8::7]:50000"}) {
    Client client(world, remote);
    const Answer answer = client.send(client.message(Class::request, Method::binding, [](auto&) {}));
    ASSERT_TRUE(answer.succeeded());
    EXPECT_EQ(answer.message().xor_address(Attribute::xor_mapped_address), client.path.remote);
    EXPECT_EQ(answer.message().transaction(), client.transaction);
    EXPECT_FALSE(answer.message().has(Attribute::software));
    EXPECT_FALSE(answer.message().has_fingerprint());
  }
}

TEST(TurnServer, BindingAnswerHasAFingerprintWhenTheRequestHadOne) {
  World world;
  Client client(world);
  const auto fill = [](stun::MessageBuilder& builder) { builder.add_fingerprint(); };
  EXPECT_TRUE(client.send(client.message(Class::request, Method::binding, fill)).message().fingerprint_ok());
}

TEST(TurnServer, BindingRequestWithAUserBelongsToIce) {
  World world;
  Client client(world);
  const auto fill = [](stun::MessageBuilder& builder) { builder.add_text(Attribute::username, "a:b"); };
  EXPECT_EQ(client.send(client.message(Class::request, Method::binding, fill)).kind, Outcome::Kind::nothing);
}

TEST(TurnServer, BindingRequestWithUnknownAttributesIsToldWhich) {
  World world;
  Client client(world);
  const auto fill = [](stun::MessageBuilder& builder) { builder.add_flag(static_cast<Attribute>(0x7abc)); };
  const Answer answer = client.send(client.message(Class::request, Method::binding, fill));
  EXPECT_EQ(answer.error(), 420);
  EXPECT_EQ(load_u16(answer.message().find(Attribute::unknown_attributes)->data()), 0x7abc);
}

TEST(TurnServer, ResponsesAndIndicationsAreNeverAnswered) {
  World world;
  Client client(world);
  ASSERT_TRUE(client.allocate().succeeded());
  for (const Class message_class : {Class::success, Class::error, Class::indication}) {
    for (std::uint16_t method = 0; method < 16; ++method) {
      const Buffer bytes = client.message(message_class, static_cast<Method>(method), Client::udp_transport);
      EXPECT_EQ(client.send(bytes).kind, Outcome::Kind::nothing) << method;
    }
  }
}

TEST(TurnServer, UnknownMethodsAreNotAnswered) {
  World world;
  Client client(world);
  client.learn();
  for (const int method : {0x002, 0x00a, 0x00b, 0x00c, 0x0fff}) {
    EXPECT_EQ(client.send(client.request(static_cast<Method>(method))).kind, Outcome::Kind::nothing);
  }
}

TEST(TurnServer, JunkIsNotAnswered) {
  World world;
  Client client(world);
  EXPECT_EQ(client.send({}).kind, Outcome::Kind::nothing);
  EXPECT_EQ(client.send(Buffer{0}).kind, Outcome::Kind::nothing);
  EXPECT_EQ(client.send(Buffer{0x40, 0x00, 0x00}).kind, Outcome::Kind::nothing);
  EXPECT_EQ(client.send(Buffer(100, 0xff)).kind, Outcome::Kind::nothing);
}

TEST(TurnServer, SendIndicationIsHandedToItsPeer) {
  World world;
  Client client(world);
  ASSERT_TRUE(client.allocate().succeeded());
  ASSERT_TRUE(client.permit({kPeer}).succeeded());
  const Buffer data{1, 2, 3, 4, 5};
  const Answer answer = client.send_data(kPeer, data);
  ASSERT_EQ(answer.kind, Outcome::Kind::to_peer);
  EXPECT_EQ(answer.to_peer.allocation, client.allocation());
  EXPECT_EQ(answer.to_peer.peer, kPeer);
  EXPECT_TRUE(std::ranges::equal(answer.to_peer.data, data));
  EXPECT_GE(answer.to_peer.data.data(), client.sent.data());  // Not copied.
}

TEST(TurnServer, SendInsideSendIsOpaque) {
  World world;
  Client client(world);
  ASSERT_TRUE(client.allocate().succeeded());
  ASSERT_TRUE(client.permit({kPeer}).succeeded());
  const Buffer inner = client.message(Class::indication, Method::send, [](stun::MessageBuilder& builder) {
    builder.add_xor_address(Attribute::xor_peer_address, kOtherPeer);
    builder.add(Attribute::data, Buffer(4));
  });
  const Answer answer = client.send_data(kPeer, inner);
  ASSERT_EQ(answer.kind, Outcome::Kind::to_peer);
  EXPECT_EQ(answer.to_peer.peer, kPeer);
  EXPECT_TRUE(std::ranges::equal(answer.to_peer.data, inner));
}

TEST(TurnServer, SendIndicationWithoutItsPartsIsDropped) {
  World world;
  Client client(world);
  ASSERT_TRUE(client.allocate().succeeded());
  ASSERT_TRUE(client.permit({kPeer}).succeeded());
  const auto sent = [&](const Fill& fill) {
    const Buffer bytes = client.message(Class::indication, Method::send, fill);
    return client.send(bytes).kind == Outcome::Kind::to_peer;
  };
  const auto peer = [](stun::MessageBuilder& b) { b.add_xor_address(Attribute::xor_peer_address, kPeer); };
  const auto data = [](stun::MessageBuilder& b) { b.add(Attribute::data, Buffer(4)); };
  EXPECT_TRUE(sent([&](auto& b) { peer(b), data(b); }));
  EXPECT_TRUE(sent([&](auto& b) { peer(b), data(b), b.add_flag(Attribute::dont_fragment); }));
  EXPECT_FALSE(sent(peer));
  EXPECT_FALSE(sent(data));
  EXPECT_FALSE(sent([&](auto& b) { peer(b), data(b), b.add_flag(static_cast<Attribute>(0x7001)); }));
}

TEST(TurnServer, DataOfStrangersGoesNowhere) {
  World world;
  Client client(world);
  ASSERT_TRUE(client.allocate().succeeded());
  ASSERT_TRUE(client.bind(0x4000, kPeer).succeeded());
  Client stranger(world, "192.0.2.7:50001");
  EXPECT_EQ(stranger.send_data(kPeer, {}).kind, Outcome::Kind::nothing);
  EXPECT_EQ(stranger.send_channel_data(0x4000, {}).kind, Outcome::Kind::nothing);
  EXPECT_EQ(client.send_channel_data(0x4001, {}).kind, Outcome::Kind::nothing);
}

TEST(TurnServer, StreamsGetPaddedChannelDataAndDatagramsDoNot) {
  World world;
  for (const Transport transport : {Transport::udp, Transport::tcp, Transport::tls}) {
    Client client(world, "192.0.2.7:50000", transport);
    ASSERT_TRUE(client.allocate().succeeded());
    ASSERT_TRUE(client.bind(0x4000, kPeer).succeeded());
    const auto framing = world.server.framing(client.allocation(), kPeer, world.now);
    ASSERT_TRUE(framing);
    EXPECT_EQ(framing->total_size(5), transport == Transport::udp ? 9U : 12U);
  }
}

TEST(TurnServer, IndicationsOfTwoFramingsHaveTransactionsOfTheirOwn) {
  World world;
  Client client(world);
  ASSERT_TRUE(client.allocate().succeeded());
  ASSERT_TRUE(client.permit({kPeer}).succeeded());
  const AllocationId id = client.allocation();
  Buffer first(64), second(64);
  first.resize(world.server.framing(id, kPeer, world.now)->frame(first, 8));
  second.resize(world.server.framing(id, kPeer, world.now)->frame(second, 8));
  EXPECT_NE(stun::parse(first)->transaction(), stun::parse(second)->transaction());
}

TEST(TurnServer, FramingEndsWithTheAllocationAtTheLatest) {
  World world;
  Client client(world);
  ASSERT_TRUE(client.allocate().succeeded());
  world.advance(500s);
  ASSERT_TRUE(client.permit({kPeer}).succeeded());
  const auto framing = world.server.framing(client.allocation(), kPeer, world.now);
  ASSERT_TRUE(framing);
  EXPECT_EQ(framing->valid_until(), world.now + 100s);
}

TEST(TurnServer, ViewerWatchesForTwoHoursAsChromiumDoes) {
  World world;
  Client client(world);
  ASSERT_TRUE(client.allocate().succeeded());
  ASSERT_TRUE(client.permit({kPeer}).succeeded());
  ASSERT_TRUE(client.bind(0x4000, kPeer).succeeded());
  const AllocationId id = client.allocation();
  for (int second = 1; second <= 7200; ++second) {
    world.advance(1s);
    if (second % 540 == 0) {
      ASSERT_TRUE(client.refresh().succeeded());
    }
    if (second % 240 == 0) {
      ASSERT_TRUE(client.permit({kPeer}).succeeded());
    }
    if (second % 500 == 0) {
      ASSERT_TRUE(client.bind(0x4000, kPeer).succeeded());
    }
    const auto framing = world.server.framing(id, kPeer, world.now);
    ASSERT_TRUE(framing && framing->is_channel()) << second;
    ASSERT_EQ(client.send_channel_data(0x4000, {}).kind, Outcome::Kind::to_peer);
  }
}

TEST(TurnServer, LongRealmsAndSoftwareAreCut) {
  World world;
  Config config = World::config({});
  config.realm = "a-realm-that-is-too-long";
  config.software = std::string(500, 's');
  Server server(config, world.secrets, world.policy, world.addresses, world.random);
  Client client(world);
  Buffer out(kMaxReply);
  const auto outcome =
      server.handle_message(client.path, client.plain_allocate(), out, world.now, world.wall_clock);
  EXPECT_EQ(stun::parse(outcome.reply)->text(Attribute::realm), "a-realm-");
}

TEST(TurnServer, SmallBufferGivesNoReplyRatherThanHalfOfOne) {
  World world;
  Client client(world);
  Buffer out(30);
  const auto outcome =
      world.server.handle_message(client.path, client.plain_allocate(), out, world.now, world.wall_clock);
  EXPECT_EQ(outcome.kind, Outcome::Kind::nothing);
}

}  // namespace
}  // namespace porthole::turn::test
