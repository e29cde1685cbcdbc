// Mutated traffic from a seeded generator, under the sanitizers: whatever arrives, the server stays within
// its buffers and its limits, and opens nothing to anybody.
#include <gtest/gtest.h>

#include "unit/turn/turn_client.hpp"

namespace porthole::turn::test {
namespace {

class Mutator {
 public:
  explicit Mutator(std::uint64_t seed) : random_(seed) {}

  std::uint32_t below(std::uint32_t limit) { return random_.u32() % limit; }

  // Flips, overwrites, cuts and stretches; half of the messages keep a length field that fits.
  void mutate(Buffer& bytes) {
    for (std::uint32_t n = below(5); n > 0 && !bytes.empty(); --n) mutate_once(bytes);
    if (bytes.size() >= stun::kHeaderSize && below(2) == 0) {
      bytes.resize(bytes.size() & ~std::size_t{3});
      store_u16(&bytes[2], static_cast<std::uint16_t>(bytes.size() - stun::kHeaderSize));
    }
    bytes.shrink_to_fit();  // A read beyond the end is then seen.
  }

 private:
  void mutate_once(Buffer& bytes) {
    const std::size_t at = below(static_cast<std::uint32_t>(bytes.size()));
    switch (below(5)) {
      case 0:
        bytes[at] = static_cast<std::uint8_t>(bytes[at] ^ (1U << below(8)));
        break;
      case 1:
        bytes[at] = static_cast<std::uint8_t>(random_.u32());
        break;
      case 2:
        bytes.resize(at);
        break;
      case 3:
        bytes.insert(bytes.end(), below(40), static_cast<std::uint8_t>(random_.u32()));
        break;
      default:
        bytes[at] = below(2) == 0 ? 0xff : 0x00;
        break;
    }
  }

  SeededRandom random_;
};

// Requests that are signed after the mutation, so that the handlers themselves meet the mess.
Buffer signed_mess(Client& client, Mutator& mutator) {
  constexpr std::array kTypes{Attribute::lifetime,
                              Attribute::xor_peer_address,
                              Attribute::channel_number,
                              Attribute::requested_transport,
                              Attribute::even_port,
                              Attribute::requested_address_family,
                              Attribute::data,
                              Attribute::reservation_token,
                              Attribute::dont_fragment,
                              static_cast<Attribute>(0x7123),
                              Attribute::message_integrity_sha256};
  const auto method = static_cast<Method>(mutator.below(11));
  return client.request(method, [&](stun::MessageBuilder& builder) {
    if (mutator.below(2) == 0) Client::udp_transport(builder);
    for (std::uint32_t n = mutator.below(6); n > 0; --n) {
      if (mutator.below(2) == 0) {
        builder.add_xor_address(Attribute::xor_peer_address, mutator.below(2) == 0 ? kPeer : kOtherPeer);
        builder.add_u32(Attribute::channel_number, (0x3fff + mutator.below(4)) << 16);
        continue;
      }
      Buffer value(mutator.below(24));
      for (std::uint8_t& byte : value) byte = static_cast<std::uint8_t>(mutator.below(4));
      builder.add(kTypes[mutator.below(kTypes.size())], value);
    }
  });
}

Buffer sample(Client& client, Mutator& mutator) {
  const auto peer = [](stun::MessageBuilder& b) { b.add_xor_address(Attribute::xor_peer_address, kPeer); };
  switch (mutator.below(6)) {
    case 0:
      return client.allocate_request();
    case 1:
      return client.request(Method::create_permission, peer);
    case 2:
      return client.request(Method::refresh);
    case 3:
      return client.message(Class::indication, Method::send, [&](stun::MessageBuilder& builder) {
        peer(builder);
        builder.add(Attribute::data, Buffer(mutator.below(50)));
      });
    case 4:
      return Buffer{0x40, 0x00, 0x00, 0x04, 1, 2, 3, 4};
    default:
      return client.message(Class::request, Method::binding, [](stun::MessageBuilder&) {});
  }
}

void check(World& world, const Client& client, const Answer& answer, const Buffer& message) {
  ASSERT_LE(answer.bytes.size(), kMaxReply);
  if (answer.has_reply()) {
    const auto reply = stun::parse(answer.bytes);
    ASSERT_TRUE(reply.ok());
    ASSERT_TRUE(reply->message_class() == Class::success || reply->message_class() == Class::error);
    // A stream has shown that its client is where it says: no answer of its hits somebody else.
    const bool is_signed = reply->has_integrity() || reply->has_integrity_sha256();
    if (!is_signed && client.path.transport == Transport::udp) {
      ASSERT_LE(answer.bytes.size() * 2, message.size() * 5);
    }
  }
  if (answer.kind == Outcome::Kind::to_peer) {
    const Bytes data = answer.to_peer.data;
    ASSERT_TRUE(data.empty() || (data.data() >= message.data() &&
                                 data.data() + data.size() <= message.data() + message.size()));
    ASSERT_TRUE(world.policy.allows_peer(answer.to_peer.peer, {}));
    ASSERT_NE(world.server.client(answer.to_peer.allocation), nullptr);
  }
}

TEST(TurnFuzz, MutatedTrafficOpensNothingAndBreaksNothing) {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    World world{Limits{.allocations = 3, .permissions_per_allocation = 1, .channels_per_allocation = 1}};
    Mutator mutator(seed);
    std::vector<Client> clients;
    for (const char* remote : {"192.0.2.1:1", "192.0.2.2:2", "[2001:db8::3]:3", "192.0.2.4:4"}) {
      clients.emplace_back(world, remote, clients.size() % 2 == 0 ? Transport::udp : Transport::tcp);
      clients.back().learn();
    }
    for (int round = 0; round < 1500; ++round) {
      Client& client = clients[mutator.below(4)];
      Buffer message = mutator.below(2) == 0 ? sample(client, mutator) : signed_mess(client, mutator);
      if (mutator.below(2) == 0) mutator.mutate(message);
      ASSERT_NO_FATAL_FAILURE(check(world, client, client.send(message), message));
      ASSERT_LE(world.server.allocation_count(), 3U);
      if (mutator.below(50) == 0) world.advance(std::chrono::seconds(mutator.below(400)));
      if (mutator.below(100) == 0) world.server.handle_disconnect(client.path, world.now);
      world.events();
    }
    world.advance(2h);
    EXPECT_EQ(world.server.allocation_count(), 0U);
    EXPECT_EQ(world.server.next_timeout(), Instant::max());
  }
}

// Without the password nothing that is sent, however it is bent, comes to hold or reach anything.
TEST(TurnFuzz, StrangersGetNoStateWhateverTheySend) {
  World world;
  Mutator mutator(99);
  Client client(world);
  client.learn();
  client.password = "guess";
  for (int round = 0; round < 2000; ++round) {
    Buffer message = mutator.below(2) == 0 ? sample(client, mutator) : signed_mess(client, mutator);
    mutator.mutate(message);
    world.advance(10ms);
    const Answer answer = client.send(message);
    ASSERT_NE(answer.kind, Outcome::Kind::to_peer);
    ASSERT_NO_FATAL_FAILURE(check(world, client, answer, message));
  }
  EXPECT_EQ(world.server.allocation_count(), 0U);
  EXPECT_FALSE(world.server.poll_event());
}

}  // namespace
}  // namespace porthole::turn::test
