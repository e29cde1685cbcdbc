// A TURN server meets whatever four clients can send, and opens nothing that it was not asked to open by a
// client that proved itself. The input is a program: see TurnProgram::step().
#include <array>
#include <map>
#include <utility>
#include <vector>

#include "fuzz/require.hpp"
#include "unit/turn/turn_client.hpp"

namespace porthole::fuzz {
namespace {

using namespace turn;
using namespace turn::test;

constexpr Limits kLimits{.allocations = 3,
                         .allocations_per_user = 2,
                         .permissions_per_allocation = 2,
                         .channels_per_allocation = 2,
                         .bytes_per_second = 10'000};
constexpr std::size_t kMaxSteps = 60;

constexpr std::array kMethods{Method::allocate,     Method::refresh,           Method::create_permission,
                              Method::channel_bind, Method::binding,           Method::send,
                              Method::data,         static_cast<Method>(0x7ff)};

constexpr std::array kTypes{
    Attribute::lifetime,
    Attribute::xor_peer_address,
    Attribute::channel_number,
    Attribute::data,
    Attribute::requested_transport,
    Attribute::requested_address_family,
    Attribute::even_port,
    Attribute::additional_address_family,
    Attribute::reservation_token,
    Attribute::dont_fragment,
    Attribute::username,
    Attribute::realm,
    Attribute::nonce,
    Attribute::userhash,
    Attribute::password_algorithm,
    Attribute::password_algorithms,
    Attribute::message_integrity_sha256,
    Attribute::message_integrity,
    Attribute::fingerprint,
    Attribute::software,
    static_cast<Attribute>(0x7123),
};

// What a client may reach, as its successful requests say and no more.
struct Granted {
  std::map<IpAddress, Instant> peers;  // RFC 8656 section 9: a permission is for an IP, whatever the port.
  std::map<std::uint16_t, std::pair<SocketAddress, Instant>> channels;

  bool reaches(const SocketAddress& peer, Instant now) const {
    const auto found = peers.find(peer.ip);
    return found != peers.end() && found->second > now;
  }
};

class TurnProgram {
 public:
  explicit TurnProgram(Bytes program) : input_(program) {
    static constexpr std::array kClients{
        std::pair("192.0.2.1:1", Transport::udp), std::pair("192.0.2.2:2", Transport::tcp),
        std::pair("192.0.2.3:3", Transport::dtls), std::pair("[2001:db8::4]:4", Transport::udp)};
    world_.policy.ipv6 = address("[2001:db8::1]:0");
    world_.policy.peers.push_back(address("[2001:db8::1]:8443"));
    for (const auto& [remote, transport] : kClients) {
      clients_.emplace_back(world_, remote, transport);
      clients_.back().learn();
    }
  }

  void run() {
    for (std::size_t n = 0; n < kMaxSteps && input_.remaining() > 0; ++n) step();
    finish();
  }

 private:
  // One byte for the client, one for what it does.
  void step() {
    who_ = input_.u8() % clients_.size();
    switch (input_.u8() % 10) {
      case 0:
        return pass_time(std::chrono::seconds(input_.u16() % 4000));
      case 1:
        world_.server.handle_disconnect(client().path, world_.now);
        return check_state(false, true);
      case 2: {
        const Bytes raw = input_.take(std::min<std::size_t>(input_.u8(), input_.remaining()));
        return deliver({raw.begin(), raw.end()}, false);
      }
      case 3:
        return deliver(channel_data(), false);
      case 4:
        return deliver(unsigned_message(), false);
      case 5:
        return deliver(wrongly_signed(), false);
      case 6:
        return deliver(tampered(), false);
      default:
        return deliver(signed_request(), true);
    }
  }

  Client& client() { return clients_[who_]; }

  Buffer channel_data() {
    const std::uint8_t shape = input_.u8();
    Buffer bytes(wire::kChannelHeaderSize + shape % 32);
    wire::write_channel_header(bytes, static_cast<std::uint16_t>(0x3fff + shape / 32),
                               static_cast<std::uint16_t>(shape % 32));
    return bytes;
  }

  // One that is allowed, another port of its IP, or somebody else.
  SocketAddress peer(std::uint8_t choice) {
    const auto& peers = world_.policy.peers;
    const std::size_t which = choice % (peers.size() + 2);
    if (which < peers.size()) return peers[which];
    return address(which == peers.size() ? "203.0.113.1:22" : "10.0.0.1:22");
  }

  void add_attributes(stun::MessageBuilder& builder) {
    for (unsigned n = input_.u8() % 6; n > 0; --n) {
      const std::uint8_t choice = input_.u8();
      if (choice < 0x60) {
        builder.add_xor_address(Attribute::xor_peer_address, peer(choice));
      } else if (choice < 0x80) {
        builder.add_u32(Attribute::channel_number, (0x3fffU + choice % 4) << 16);
      } else if (choice < 0xa0) {
        Client::udp_transport(builder);
      } else {
        const Attribute type = kTypes[choice % kTypes.size()];
        builder.add(type, input_.take(std::min<std::size_t>(input_.u8() % 24, input_.remaining())));
      }
    }
  }

  Buffer unsigned_message() {
    const auto kind = static_cast<Class>(input_.u8() % 4);
    const Method method = kMethods[input_.u8() % kMethods.size()];
    return client().message(kind, method, [this](stun::MessageBuilder& builder) { add_attributes(builder); });
  }

  Buffer signed_request() {
    const Method method = kMethods[input_.u8() % kMethods.size()];
    return client().request(method, [this](stun::MessageBuilder& builder) { add_attributes(builder); });
  }

  Buffer wrongly_signed() {
    const std::string password = std::exchange(client().password, "guess");
    Buffer bytes = signed_request();
    client().password = password;
    return bytes;
  }

  // A byte before MESSAGE-INTEGRITY's value is another: nothing that is signed may be changed.
  Buffer tampered() {
    Buffer bytes = signed_request();
    const std::size_t covered = bytes.size() - 24;
    bytes[input_.u8() % covered] ^= static_cast<std::uint8_t>(1U << (input_.u8() % 8));
    return bytes;
  }

  void deliver(Buffer message, bool is_signed) {
    message.shrink_to_fit();
    const std::size_t before = world_.server.allocation_count();
    const Answer answer = client().send(message);
    require(is_signed || world_.server.allocation_count() <= before,
            "nobody gets an allocation without proof");
    if (answer.has_reply()) check_reply(answer, message);
    if (answer.kind == Outcome::Kind::to_peer) check_to_peer(answer.to_peer, message);
    check_state(is_signed, is_signed);
  }

  void check_reply(const Answer& answer, const Buffer& message) {
    const auto request = stun::parse(message);
    const auto reply = stun::parse(answer.bytes);
    require(request.ok() && request->message_class() == Class::request, "only requests are answered");
    require(answer.bytes.size() <= kMaxReply && reply.ok(), "an answer is STUN");
    require(reply->transaction() == request->transaction(), "an answer names the request's transaction");
    require(reply->method() == request->method(), "an answer has the request's method");
    require(reply->is(Class::success, reply->method()) || reply->is(Class::error, reply->method()),
            "an answer is success or error");
    const bool is_signed = reply->has_integrity() || reply->has_integrity_sha256();
    if (!is_signed && client().path.transport == Transport::udp) {
      require(answer.bytes.size() * kAmplificationDenominator <= message.size() * kAmplificationNumerator,
              "an answer that could be forged does not amplify");
    }
    if (reply->message_class() == Class::success) grant(*request);
  }

  void grant(const stun::Message& request) {
    const bool permits =
        request.method() == Method::create_permission || request.method() == Method::channel_bind;
    if (!permits) return;
    Granted& granted = granted_[who_];
    // ChannelBind reads the first peer alone.
    const std::size_t peers =
        request.method() == Method::channel_bind ? 1 : request.count(Attribute::xor_peer_address);
    for (std::size_t n = 0; n < peers; ++n) {
      const auto peer = request.nth_xor_address(Attribute::xor_peer_address, n);
      require(peer && world_.policy.allows_peer(*peer, client().path), "only allowed peers are permitted");
      granted.peers[peer->ip] = world_.now + kPermissionLifetime;
    }
    if (request.method() != Method::channel_bind) return;
    const auto channel = request.u16_in_word(Attribute::channel_number);
    const auto peer = request.xor_address(Attribute::xor_peer_address);
    require(channel && peer && *channel >= wire::kMinChannel, "a channel has a number and a peer");
    granted.channels[*channel] = {*peer, world_.now + kChannelLifetime};
  }

  void check_to_peer(const ToPeer& out, const Buffer& message) {
    const Bytes data = out.data;
    require(data.empty() || (data.data() >= message.data() &&
                             data.data() + data.size() <= message.data() + message.size()),
            "what goes to a peer is what the client sent");
    const FiveTuple* owner = world_.server.client(out.allocation);
    require(owner != nullptr && *owner == client().path, "a client sends by its own allocation only");
    require(world_.policy.allows_peer(out.peer, client().path), "a peer that is not allowed is not reached");
    const bool by_channel = (message[0] & 0xc0) == 0x40;
    if (!by_channel)
      return require(granted_[who_].reaches(out.peer, world_.now), "Send needs a live permission");
    // From the client a channel counts as long as it lasts; to the client it needs the permission as well.
    const auto bound = granted_[who_].channels.find(load_u16(message.data()));
    require(bound != granted_[who_].channels.end() && bound->second.first == out.peer &&
                bound->second.second > world_.now,
            "ChannelData goes to the peer that its channel is bound to");
  }

  void check_state(bool may_grow, bool may_change) {
    const auto events = world_.events();
    require(events.size() <= 1 + kLimits.allocations * 2, "events are bounded");
    for (const Event& event : events) {
      require(may_change, "what proves nothing changes nothing");
      require(may_grow || event.kind != Event::Kind::created, "only a signed request creates");
      if (event.kind == Event::Kind::created) ids_.push_back(event.allocation);
      if (event.kind == Event::Kind::gone) std::erase(ids_, event.allocation);
    }
    require(world_.server.allocation_count() <= kLimits.allocations, "allocations are limited");
    require(world_.server.allocation_count() == ids_.size(), "every allocation has its events");
    for (std::size_t i = 0; i < clients_.size(); ++i) {
      if (!world_.server.has_allocation(clients_[i].path)) granted_[i] = {};
    }
    for (const AllocationId id : ids_) check_framing(id);
  }

  // What peers may send to the client needs its permission as well.
  void check_framing(AllocationId id) {
    const FiveTuple* owner = world_.server.client(id);
    require(owner != nullptr, "a live allocation has a client");
    for (std::size_t i = 0; i < clients_.size(); ++i) {
      if (clients_[i].path != *owner) continue;
      for (const SocketAddress& peer : world_.policy.peers) {
        const bool framed = world_.server.framing(id, peer, world_.now).has_value();
        require(!framed || granted_[i].reaches(peer, world_.now),
                "a peer reaches the client by a permission only");
      }
    }
  }

  void pass_time(Duration by) {
    const Instant until = world_.now + by;
    while (world_.server.next_timeout() <= until) {
      const Instant next = std::max(world_.server.next_timeout(), world_.now);
      world_.now = next;
      world_.server.handle_timeout(next);
      check_state(false, true);
      require(world_.server.next_timeout() > next, "a timeout that was handled is over");
    }
    world_.now = until;
    world_.server.handle_timeout(until);
    check_state(false, true);
  }

  void finish() {
    pass_time(2h);
    require(world_.server.allocation_count() == 0, "everything ends");
    require(world_.server.next_timeout() == Instant::max(), "an idle server waits for nothing");
    require(world_.addresses.in_use() == 0, "every relayed address is given back");
  }

  ByteReader input_;
  World world_{kLimits};
  std::vector<Client> clients_;
  std::array<Granted, 4> granted_;
  std::vector<AllocationId> ids_;
  std::size_t who_ = 0;
};

}  // namespace
}  // namespace porthole::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  porthole::fuzz::TurnProgram(porthole::Bytes(data, size)).run();
  return 0;
}
