// A TURN server meets whatever six clients of two users can send, by every transport, and opens nothing that
// it was not asked to open by a client that proved itself. The input is a program: see TurnProgram::step().
#include <array>
#include <map>
#include <utility>
#include <vector>

#include "fuzz/counted_labels.hpp"
#include "fuzz/require.hpp"
#include "fuzz/turn_messenger.hpp"
#include "unit/turn/turn_client.hpp"

namespace porthole::fuzz {
namespace {

using namespace turn;
using stun::Class;
using stun::Method;
using turn::test::address;

constexpr Limits kLimits{.allocations = 4,
                         .allocations_per_user = 3,
                         .allocations_per_address = 2,
                         .permissions_per_allocation = 2,
                         .channels_per_allocation = 2,
                         .bytes_per_second = 10'000};
constexpr std::size_t kMaxSteps = 60;
constexpr std::size_t kMaxBurst = kLimits.bytes_per_second / 4;  // kRelayBurst of it.
constexpr PortRange kPorts{50'000, 50'011};
constexpr std::array kClients{
    std::pair("192.0.2.1:1", Transport::udp),     std::pair("192.0.2.1:2", Transport::tcp),
    std::pair("[2001:db8::4]:3", Transport::tls), std::pair("192.0.2.3:4", Transport::dtls),
    std::pair("[2001:db8::5]:5", Transport::udp), std::pair("[2001:db8::6]:6", Transport::dtls)};

// What passed in one direction at one time.
struct Passed {
  Instant at{};
  std::size_t bytes = 0;

  void add(std::size_t more, Instant now) {
    if (std::exchange(at, now) != now) bytes = 0;
    bytes += more;
    // A full budget lets one packet through even if it is larger, or a low rate would be silent.
    require(bytes <= kMaxBurst || bytes == more, "no more passes at once than the burst");
  }
};

// What a client may reach, as its successful requests say and no more.
struct Granted {
  std::map<IpAddress, Instant> peers;  // RFC 8656 section 9: a permission is for an IP, whatever the port.
  std::map<std::uint16_t, std::pair<SocketAddress, Instant>> channels;
  Passed from_client, to_client;

  bool reaches(const SocketAddress& peer, Instant now) const {
    const auto found = peers.find(peer.ip);
    return found != peers.end() && found->second > now;
  }
  bool has_channel_to(const SocketAddress& peer, Instant now) const {
    return std::ranges::any_of(
        channels, [&](const auto& entry) { return entry.second.first == peer && entry.second.second > now; });
  }
};

// A port that is kept for whoever shows the token.
struct Reserved {
  SocketAddress address;
  std::string user;
  Instant until{};
};

class TurnProgram {
 public:
  explicit TurnProgram(Bytes program)
      : input_(program), server_(config(), secrets_, policy_, addresses_, random_) {
    policy_.ipv6 = address("[2001:db8::1]:0");
    policy_.peers.push_back(address("[2001:db8::1]:8443"));
    names_.peers = policy_.peers;
    // Other ports of an IP that is allowed, and somebody else.
    for (const char* never : {"203.0.113.1:22", "10.0.0.1:22", "[2001:db8::1]:1"}) {
      names_.peers.push_back(address(never));
    }
    for (const auto& [remote, transport] : kClients) add_client(address(remote), transport);
  }

  void run() {
    for (std::size_t n = 0; n < kMaxSteps && input_.remaining() > 0; ++n) step();
    finish();
  }

 private:
  static Config config() {
    Config made;
    made.software = "porthole";
    made.nonce_key.fill(7);
    made.limits = kLimits;
    return made;
  }

  void add_client(const SocketAddress& remote, Transport transport) {
    const FiveTuple path{transport, address("203.0.113.1:8443"), remote, ConnectionId{remote.port}};
    const char* user = clients_.size() < 4 ? "alpha" : "beta";
    clients_.emplace_back(path, secrets_.mint(user, 1'800'000'000 + 12 * 3600));
    server_.remember_user(clients_.back().credentials.username);
    who_ = clients_.size() - 1;
    deliver(client().plain_allocate(), false);
  }

  // One byte for the client, one for what it does.
  void step() {
    who_ = input_.u8() % clients_.size();
    switch (input_.u8() % 16) {
      case 0:
        return pass_time(std::chrono::seconds(input_.u16() % 4000));
      case 1:
        server_.handle_disconnect(client().path, now_);
        return check_state(false, true);
      case 2: {
        const Bytes raw = input_.take(std::min<std::size_t>(input_.u8(), input_.remaining()));
        return deliver({raw.begin(), raw.end()}, false);
      }
      case 3:
        return deliver(TurnMessenger::channel_data(input_), false);
      case 4:
        return deliver(client().unsigned_message(input_, names_), false);
      case 5:
        return deliver(client().wrongly_signed(input_, names_), false);
      case 6:
        return deliver(client().tampered(input_, names_), false);
      case 7:
        return std::swap(client().credentials, clients_[(who_ + 2) % clients_.size()].credentials);
      case 8:
        return change_policy();
      case 9:
        return hear_peer(input_.u16() % 3000);
      case 10:
        return repeat();
      default:
        latest_ = client().signed_request(input_, names_);
        latest_credentials_ = client().credentials;
        return deliver(latest_, true);
    }
  }

  // The latest request once more, perhaps by another client.
  void repeat() {
    const Credentials own = std::exchange(client().credentials, latest_credentials_);
    deliver(latest_, true);
    client().credentials = own;
  }

  TurnMessenger& client() { return clients_[who_]; }

  // One peer may be reached no more, or again.
  void change_policy() {
    const SocketAddress& peer = names_.peers[1];
    if (std::erase(policy_.peers, peer) == 0) policy_.peers.push_back(peer);
    check_state(false, false);
  }

  void hear_peer(std::size_t size) {
    for (const AllocationId id : ids_) {
      const FiveTuple* owner = server_.client(id);
      if (owner != nullptr && *owner == client().path && server_.may_deliver(id, size, now_)) {
        granted_[who_].to_client.add(size, now_);
      }
    }
  }

  void deliver(Buffer message, bool is_signed) {
    message.shrink_to_fit();  // A read beyond the end is then seen.
    Buffer out(kMaxReply);
    const Outcome outcome = server_.handle_message(client().path, message, out, now_, wall_clock_);
    take_events(is_signed, is_signed);
    if (outcome.kind == Outcome::Kind::reply) check_reply(outcome.reply, message);
    if (outcome.kind == Outcome::Kind::to_peer) check_to_peer(outcome.to_peer, message);
    check_state(is_signed, is_signed);
  }

  void check_reply(Bytes bytes, const Buffer& message) {
    const auto request = stun::parse(message);
    const auto reply = stun::parse(bytes);
    require(request.ok() && request->message_class() == Class::request, "only requests are answered");
    require(bytes.size() <= kMaxReply && reply.ok(), "an answer is STUN");
    require(reply->transaction() == request->transaction(), "an answer names the request's transaction");
    require(reply->method() == request->method(), "an answer has the request's method");
    require(reply->is(Class::success, reply->method()) || reply->is(Class::error, reply->method()),
            "an answer is success or error");
    const bool is_signed = reply->has_integrity() || reply->has_integrity_sha256();
    require(!is_signed || client().verifies(*reply), "an answer is signed with the client's own key");
    if (!is_signed && client().path.transport == Transport::udp) {
      require(bytes.size() * kAmplificationDenominator <= message.size() * kAmplificationNumerator,
              "an answer that could be forged does not amplify");
    }
    client().learn(*reply);
    if (reply->message_class() == Class::success) grant(*request, *reply);
  }

  void grant(const stun::Message& request, const stun::Message& reply) {
    if (request.method() == Method::binding) return;
    require(reply.has_integrity() || reply.has_integrity_sha256(), "nothing is granted without proof");
    if (request.method() == Method::allocate) return grant_addresses(request, reply);
    if (request.method() == Method::refresh) return;
    require(server_.username(id_of(who_)) == client().credentials.username,
            "nobody changes another's allocation");
    grant_peers(request);
    if (request.method() != Method::channel_bind) return;
    const auto channel = request.u16_in_word(Attribute::channel_number);
    const auto peer = request.xor_address(Attribute::xor_peer_address);
    require(channel && peer && *channel >= wire::kMinChannel, "a channel has a number and a peer");
    granted_[who_].channels[*channel] = {*peer, now_ + kChannelLifetime};
  }

  void grant_peers(const stun::Message& request) {
    // ChannelBind reads the first peer alone.
    const std::size_t peers =
        request.method() == Method::channel_bind ? 1 : request.count(Attribute::xor_peer_address);
    for (std::size_t n = 0; n < peers; ++n) {
      const auto peer = request.nth_xor_address(Attribute::xor_peer_address, n);
      require(peer && policy_.allows_peer(*peer, client().path), "only allowed peers are permitted");
      granted_[who_].peers[peer->ip] = now_ + kPermissionLifetime;
    }
  }

  // Of a repeated Allocate nothing new follows.
  void grant_addresses(const stun::Message& request, const stun::Message& reply) {
    const auto relayed = reply.xor_address(Attribute::xor_relayed_address);
    require(relayed.has_value(), "an allocation has an address");
    if (!std::exchange(created_, false)) return;
    const std::string user(user_of(client().credentials.username));
    if (const auto shown = request.find(Attribute::reservation_token)) {
      const auto kept = reserved_.find(token_of(*shown));
      require(kept != reserved_.end() && kept->second.until > now_, "a token is good as long as it lasts");
      require(kept->second.user == user && kept->second.address == *relayed, "what is kept is its user's");
      reserved_.erase(kept);
    }
    if (const auto token = reply.find(Attribute::reservation_token)) {
      const SocketAddress next{relayed->ip, static_cast<std::uint16_t>(relayed->port + 1)};
      reserved_[token_of(*token)] = {next, user, now_ + kReservationLifetime};
      names_.tokens.push_back(token_of(*token));
    }
  }

  static ReservationToken token_of(Bytes bytes) {
    ReservationToken token{};
    require(bytes.size() == token.size(), "a token has 8 bytes");
    std::ranges::copy(bytes, token.begin());
    return token;
  }

  void check_to_peer(const ToPeer& out, const Buffer& message) {
    const Bytes data = out.data;
    Granted& granted = granted_[who_];
    require(data.empty() || (data.data() >= message.data() &&
                             data.data() + data.size() <= message.data() + message.size()),
            "what goes to a peer is what the client sent");
    require(id_of(who_) == out.allocation, "a client sends by its own allocation only");
    require(policy_.allows_peer(out.peer, client().path), "a peer that is not allowed is not reached");
    granted.from_client.add(data.size(), now_);
    const bool by_channel = (message[0] & 0xc0) == 0x40;
    if (!by_channel) return require(granted.reaches(out.peer, now_), "Send needs a live permission");
    // From the client a channel counts as long as it lasts; to the client it needs the permission as well.
    const auto bound = granted.channels.find(load_u16(message.data()));
    require(bound != granted.channels.end() && bound->second.first == out.peer && bound->second.second > now_,
            "ChannelData goes to the peer that its channel is bound to");
  }

  AllocationId id_of(std::size_t which) const {
    const auto found = std::ranges::find_if(ids_, [&](AllocationId id) {
      const FiveTuple* owner = server_.client(id);
      return owner != nullptr && *owner == clients_[which].path;
    });
    return found == ids_.end() ? AllocationId::none : *found;
  }

  void take_events(bool may_grow, bool may_change) {
    created_ = false;
    for (std::size_t n = 0; const auto event = server_.poll_event(); ++n) {
      require(n <= kLimits.allocations * 2, "events are bounded");
      require(may_change, "what proves nothing changes nothing");
      require(may_grow || event->kind != Event::Kind::created, "only a signed request creates");
      created_ = created_ || event->kind == Event::Kind::created;
      if (event->kind == Event::Kind::created) ids_.push_back(event->allocation);
      if (event->kind == Event::Kind::gone) std::erase(ids_, event->allocation);
    }
  }

  void check_state(bool may_grow, bool may_change) {
    take_events(may_grow, may_change);
    std::erase_if(reserved_, [this](const auto& kept) { return kept.second.until <= now_; });
    require(server_.allocation_count() <= kLimits.allocations, "allocations are limited");
    require(server_.allocation_count() == ids_.size(), "every allocation has its events");
    std::size_t relayed = 0;
    for (std::size_t i = 0; i < clients_.size(); ++i) {
      const AllocationId id = id_of(i);
      require(server_.has_allocation(clients_[i].path) == (id != AllocationId::none),
              "clients are told apart");
      if (id == AllocationId::none) granted_[i] = {};
      if (id != AllocationId::none) relayed += check_allocation(id, i);
    }
    require(addresses_.held().size() == relayed + reserved_.size(), "addresses are relayed or reserved");
  }

  // How many relayed addresses it has.
  std::size_t check_allocation(AllocationId id, std::size_t which) {
    const auto like = [&](const auto& same) {
      return static_cast<std::size_t>(
          std::ranges::count_if(ids_, [&](AllocationId other) { return same(other); }));
    };
    const std::string_view user = user_of(server_.username(id));
    require(like([&](AllocationId other) { return user_of(server_.username(other)) == user; }) <=
                kLimits.allocations_per_user,
            "a user's allocations are limited");
    const IpAddress customer = clients_[which].path.remote.ip.customer();
    require(like([&](AllocationId other) {
              return server_.client(other)->remote.ip.customer() == customer;
            }) <= kLimits.allocations_per_address,
            "an address's allocations are limited");
    for (const SocketAddress& peer : names_.peers) check_framing(id, granted_[which], peer);
    std::size_t count = 0;
    for (const Family family : {Family::ipv4, Family::ipv6}) {
      const auto relayed = server_.relayed_address(id, family);
      if (!relayed) continue;
      require(addresses_.held().contains(*relayed), "a relayed address was taken");
      require(server_.allocation_at(*relayed) == id, "a relayed address leads to its allocation");
      ++count;
    }
    return count;
  }

  // What peers may send to the client needs its permission as well.
  void check_framing(AllocationId id, const Granted& granted, const SocketAddress& peer) {
    const auto framing = server_.framing(id, peer, now_);
    if (!framing) return;
    require(policy_.allows_peer(peer, *server_.client(id)), "who may not be reached is not heard");
    require(granted.reaches(peer, now_), "a peer reaches the client by a permission only");
    require(server_.relayed_address(id, peer.ip.family()).has_value(), "a peer needs an address to send to");
    require(framing->is_channel() == granted.has_channel_to(peer, now_), "who has a channel is heard by it");
    require(framing->valid_until() > now_, "what is framed is valid");
  }

  void pass_time(Duration by) {
    const Instant until = now_ + by;
    while (server_.next_timeout() <= until) {
      const Instant next = std::max(server_.next_timeout(), now_);
      now_ = next;
      server_.handle_timeout(next);
      check_state(false, true);
      require(server_.next_timeout() > next, "a timeout that was handled is over");
    }
    now_ = until;
    server_.handle_timeout(until);
    check_state(false, true);
  }

  void finish() {
    pass_time(2h);
    require(server_.allocation_count() == 0, "everything ends");
    require(server_.next_timeout() == Instant::max(), "an idle server waits for nothing");
    require(addresses_.held().empty(), "every relayed address is given back");
  }

  ByteReader input_;
  Instant now_{std::chrono::hours(1)};
  const WallClock wall_clock_{now_, WallTime(std::chrono::seconds(1'800'000'000))};
  const SharedSecrets secrets_{{"the secret", "the secret before"}};
  turn::test::FakePolicy policy_;
  CountedLabels addresses_{kPorts};
  porthole::test::SeededRandom random_;
  Server server_;

  std::vector<TurnMessenger> clients_;
  Names names_;
  std::array<Granted, kClients.size()> granted_;
  std::map<ReservationToken, Reserved> reserved_;
  std::vector<AllocationId> ids_;
  std::size_t who_ = 0;
  // The latest signed request, and by whom.
  Buffer latest_;
  Credentials latest_credentials_;
  bool created_ = false;  // By the latest message.
};

}  // namespace
}  // namespace porthole::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  porthole::fuzz::TurnProgram(porthole::Bytes(data, size)).run();
  return 0;
}
