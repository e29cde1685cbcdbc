// A TURN client for tests: writes requests, signs them as RFC 8489 section 9.2 says, and reads the answers.
#pragma once

#include <algorithm>
#include <array>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "support/seeded_random.hpp"
#include "turn/relay_labels.hpp"
#include "turn/server.hpp"
#include "wire/channel_data.hpp"
#include "wire/stun.hpp"

namespace porthole::turn::test {

using porthole::test::SeededRandom;
using stun::Attribute;
using stun::Class;
using stun::ErrorCode;
using stun::Method;

using Buffer = std::vector<std::uint8_t>;
using Fill = std::function<void(stun::MessageBuilder&)>;

inline SocketAddress address(const char* text) {
  return SocketAddress::parse(text).value();
}

// Peers that may be reached, and the IP of labels, as the node would say.
class FakePolicy final : public RelayPolicy {
 public:
  std::optional<IpAddress> relay_ip(const FiveTuple&, std::optional<Family> requested) const override {
    if (requested == Family::ipv6) return ipv6 ? std::optional(ipv6->ip) : std::nullopt;
    return label_ip;
  }
  bool allows_peer(const SocketAddress& peer, const FiveTuple&) const override {
    return std::ranges::find(peers, peer) != peers.end();
  }

  IpAddress label_ip = address("203.0.113.1:0").ip;
  std::optional<SocketAddress> ipv6;
  std::vector<SocketAddress> peers{address("203.0.113.1:8443"), address("198.51.100.1:40000")};
};

// One server and a virtual clock.
struct World {
  explicit World(Limits limits = {}) : World(config(limits)) {}
  explicit World(Config config, PortRange ports = {})
      : addresses(random, {8443}, ports), server(std::move(config), secrets, policy, addresses, random) {}

  static Config config(Limits limits) {
    Config made;
    made.software = "porthole test";
    made.nonce_key.fill(7);
    made.limits = limits;
    return made;
  }
  void advance(Duration by) {
    now += by;
    server.handle_timeout(now);
  }
  std::vector<Event> events() {
    std::vector<Event> drained;
    while (const auto event = server.poll_event()) drained.push_back(*event);
    return drained;
  }

  SeededRandom random{1};
  Instant now{std::chrono::hours(1)};
  WallClock wall_clock{now, WallTime(std::chrono::seconds(1'800'000'000))};
  SharedSecrets secrets{{"the secret", "the secret before"}};
  FakePolicy policy;
  RelayLabels addresses;
  Server server;
};

// What came back, with its bytes kept alive.
struct Answer {
  Outcome::Kind kind = Outcome::Kind::nothing;
  Buffer bytes;
  ToPeer to_peer;

  bool has_reply() const { return kind == Outcome::Kind::reply; }
  stun::Message message() const { return *stun::parse(bytes); }
  bool succeeded() const { return has_reply() && message().message_class() == Class::success; }
  // 0 when it was no error.
  int error() const { return has_reply() ? message().error_code().value_or(0) : 0; }
};

class Client {
 public:
  explicit Client(World& world, const char* remote = "192.0.2.7:50000", Transport transport = Transport::udp)
      : world_(world) {
    path.transport = transport;
    path.local = address("203.0.113.1:8443");
    path.remote = address(remote);
    if (transport != Transport::udp) path.connection = ConnectionId{path.remote.port};
    use(world.secrets.mint("viewer", 1'800'000'000 + 12 * 3600));
  }

  void use(const Credentials& credentials) {
    username = credentials.username;
    password = credentials.password;
  }

  Answer send(Bytes message) {
    Buffer out(kMaxReply);
    const Outcome outcome = world_.server.handle_message(path, message, out, world_.now, world_.wall_clock);
    return {outcome.kind, Buffer(outcome.reply.begin(), outcome.reply.end()), outcome.to_peer};
  }

  Buffer message(Class message_class, Method method, const Fill& fill) {
    Buffer bytes(4096);
    stun::MessageBuilder builder(bytes, message_class, method, transaction);
    fill(builder);
    bytes.resize(builder.finish().size());
    return bytes;
  }

  // A signed request with what `fill` adds; a new transaction each time.
  Buffer request(
      Method method, const Fill& fill = [](stun::MessageBuilder&) {}) {
    world_.random.fill(transaction);
    return message(Class::request, method, [&](stun::MessageBuilder& builder) {
      fill(builder);
      builder.add_text(Attribute::username, username);
      builder.add_text(Attribute::realm, realm);
      builder.add_text(Attribute::nonce, nonce);
      builder.add_integrity(key());
      if (with_fingerprint) builder.add_fingerprint();
    });
  }
  Key key() const { return long_term_key(username, realm, password); }

  Buffer plain_allocate() { return message(Class::request, Method::allocate, udp_transport); }
  // Learns realm and nonce, as every client does first.
  void learn() {
    const Answer answer = send(plain_allocate());
    realm = answer.message().text(Attribute::realm).value();
    nonce = answer.message().text(Attribute::nonce).value();
  }

  Buffer allocate_request(const Fill& more = [](stun::MessageBuilder&) {}) {
    if (nonce.empty()) learn();
    return request(Method::allocate, [&](stun::MessageBuilder& builder) {
      udp_transport(builder);
      more(builder);
    });
  }
  Answer allocate(const Fill& more = [](stun::MessageBuilder&) {}) { return send(allocate_request(more)); }
  Answer refresh(std::optional<std::uint32_t> seconds = std::nullopt) {
    return send(request(Method::refresh, [&](stun::MessageBuilder& builder) {
      if (seconds) builder.add_u32(Attribute::lifetime, *seconds);
    }));
  }
  Answer permit(const std::vector<SocketAddress>& peers) {
    return send(request(Method::create_permission, [&](stun::MessageBuilder& builder) {
      for (const SocketAddress& peer : peers) builder.add_xor_address(Attribute::xor_peer_address, peer);
    }));
  }
  Answer bind(std::uint16_t channel, const SocketAddress& peer) {
    return send(request(Method::channel_bind, [&](stun::MessageBuilder& builder) {
      builder.add_u32(Attribute::channel_number, std::uint32_t{channel} << 16);
      builder.add_xor_address(Attribute::xor_peer_address, peer);
    }));
  }
  Answer send_data(const SocketAddress& peer, Bytes data) {
    return send(sent = message(Class::indication, Method::send, [&](stun::MessageBuilder& builder) {
                  builder.add_xor_address(Attribute::xor_peer_address, peer);
                  builder.add(Attribute::data, data);
                }));
  }
  Answer send_channel_data(std::uint16_t channel, Bytes data) {
    sent.assign(wire::kChannelHeaderSize, 0);
    wire::write_channel_header(sent, channel, static_cast<std::uint16_t>(data.size()));
    sent.insert(sent.end(), data.begin(), data.end());
    return send(sent);
  }
  // This client's latest one, by its event. Drains the events.
  AllocationId allocation() {
    for (const Event& event : world_.events()) {
      const FiveTuple* owner = world_.server.client(event.allocation);
      if (event.kind == Event::Kind::created && owner != nullptr && *owner == path) {
        allocation_ = event.allocation;
      }
    }
    return allocation_;
  }

  static void udp_transport(stun::MessageBuilder& builder) {
    builder.add_u32(Attribute::requested_transport, 17U << 24);
  }

  FiveTuple path;
  std::string username, password, realm, nonce;
  bool with_fingerprint = false;
  stun::TransactionId transaction{9, 9, 9};
  Buffer sent;  // What to_peer.data borrows.

 private:
  World& world_;
  AllocationId allocation_ = AllocationId::none;
};

inline const SocketAddress kPeer = address("203.0.113.1:8443");
inline const SocketAddress kOtherPeer = address("198.51.100.1:40000");

}  // namespace porthole::turn::test
