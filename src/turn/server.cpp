#include "turn/server.hpp"

#include <algorithm>
#include <array>

#include "turn/request.hpp"
#include "wire/channel_data.hpp"

namespace porthole::turn {

using stun::Attribute;
using stun::Class;
using stun::ErrorCode;
using stun::Method;

namespace {

constexpr std::size_t kMaxSoftware = 64;

// Those who are served by nobody else have all to themselves.
Commons with_its_own(Commons commons, const Limits& limits) {
  if (!commons.allocations) {
    commons.allocations = std::make_shared<PlainQuota<IpAddress>>(
        QuotaLimits{.in_all = limits.allocations, .of_a_kind = limits.allocations_per_address});
  }
  if (!commons.users) {
    commons.users =
        std::make_shared<PlainQuota<std::string>>(QuotaLimits{.of_a_kind = limits.allocations_per_user});
  }
  if (!commons.reservations) commons.reservations = std::make_shared<PlainReservations>();
  return commons;
}

Config within_limits(Config config) {
  if (config.realm.size() > kMaxRealm) config.realm.resize(kMaxRealm);
  if (config.software.size() > kMaxSoftware) config.software.resize(kMaxSoftware);
  config.commons = with_its_own(std::move(config.commons), config.limits);
  return config;
}

Outcome nothing() {
  return {};
}

Outcome reply(Bytes bytes) {
  Outcome outcome;
  outcome.kind = bytes.empty() ? Outcome::Kind::nothing : Outcome::Kind::reply;
  outcome.reply = bytes;
  return outcome;
}

}  // namespace

Server::Server(Config config, const SharedSecrets& secrets, const RelayPolicy& policy,
               RelayAddresses& addresses, Random& random)
    : config_(within_limits(std::move(config))),
      authenticator_(config_.realm, config_.nonce_key, secrets),
      policy_(policy),
      addresses_(addresses),
      random_(random) {}

const Server::Route* Server::route_of(Method method) {
  static constexpr std::array kRoutes{
      Route{Method::allocate, &Server::allocate, true},
      Route{Method::refresh, &Server::refresh, true},
      Route{Method::create_permission, &Server::create_permission, false},
      Route{Method::channel_bind, &Server::channel_bind, false},
  };
  const auto found = std::ranges::find(kRoutes, method, &Route::method);
  return found == kRoutes.end() ? nullptr : &*found;
}

Outcome Server::handle_message(const FiveTuple& client, Bytes message, MutableBytes out, Instant now,
                               const WallClock& wall_clock) {
  handle_timeout(now);  // So that everything below meets only live allocations.
  if (message.size() < wire::kChannelHeaderSize) return nothing();
  // RFC 8656 section 12: the first two bits tell the two apart.
  if ((message[0] & 0xc0) == 0x40) return handle_channel_data(client, message, now);
  return handle_stun(client, message, out, now, wall_clock);
}

Outcome Server::handle_stun(const FiveTuple& client, Bytes bytes, MutableBytes out, Instant now,
                            const WallClock& wall_clock) {
  const auto message = stun::parse(bytes);
  if (!message || (message->has_fingerprint() && !message->fingerprint_ok())) return nothing();
  if (message->is(Class::indication, Method::send)) return handle_send(client, *message, now);
  // Other indications and all responses are never answered: two servers could keep each other busy for ever.
  if (message->message_class() != Class::request) return nothing();
  if (message->method() == Method::binding) return reply(handle_binding(client, *message, out));
  const Route* route = route_of(message->method());
  if (route == nullptr) return nothing();
  return reply(handle_request(*route, client, *message, out, now, wall_clock));
}

// A client that asks for its address (RFC 8489 section 2), without credentials.
Bytes Server::handle_binding(const FiveTuple& client, const stun::Message& message, MutableBytes out) const {
  if (message.has(Attribute::username)) return {};
  std::array<std::uint16_t, kMaxUnknownListed> unknown{};
  const std::size_t unknown_count = message.unknown_required(kKnownAttributes, unknown);
  stun::MessageBuilder builder(out, unknown_count == 0 ? Class::success : Class::error, Method::binding,
                               message.transaction());
  if (unknown_count == 0) {
    builder.add_xor_address(Attribute::xor_mapped_address, client.remote);
  } else {
    builder.add_error(ErrorCode::unknown_attribute);
    builder.add_unknown_attributes(std::span(unknown).first(unknown_count));
  }
  return finish_unsigned(message, builder);
}

Bytes Server::handle_request(const Route& route, const FiveTuple& client, const stun::Message& message,
                             MutableBytes out, Instant now, const WallClock& wall_clock) {
  // RFC 8489 section 6.3: authentication first, since only then is anybody told what is wrong with the rest.
  const auto identity = authenticator_.authenticate(message, client.remote.ip, now, wall_clock);
  if (!identity) return challenge(client, message, identity.error(), out, now);
  if (identity->expired && route.needs_unexpired_credentials) {
    return challenge(client, message, ErrorCode::unauthorized, out, now);
  }
  const Request request{message, client, *identity, config_.software, out, now};
  std::array<std::uint16_t, kMaxUnknownListed> unknown{};
  const std::size_t unknown_count = message.unknown_required(kKnownAttributes, unknown);
  if (unknown_count > 0) return refuse_unknown(request, std::span(unknown).first(unknown_count));
  return (this->*route.handle)(request);
}

// The answer to a client that has not proved who it is, so possibly to a victim whose address was forged:
// without SOFTWARE, and short. Only streams and DTLS have shown that the client is where it says, and get all
// that there is to offer.
Bytes Server::challenge(const FiveTuple& client, const stun::Message& message, ErrorCode code,
                        MutableBytes out, Instant now) {
  const bool may_be_forged = client.transport == Transport::udp;
  if (may_be_forged && !challenges_.allow(client.remote, now)) return {};
  const auto build = [&](ErrorCode shown, Offer offer) {
    stun::MessageBuilder builder(out, Class::error, message.method(), message.transaction());
    builder.add_error(shown);
    if (shown != ErrorCode::bad_request) authenticator_.add_challenge(builder, client.remote.ip, offer, now);
    return finish_unsigned(message, builder);
  };
  const std::size_t allowed = message.bytes().size() * kAmplificationNumerator / kAmplificationDenominator;
  const auto fits = [&](Bytes answer) { return !may_be_forged || answer.size() <= allowed; };
  for (const Offer offer : {Offer::password_algorithms, Offer::none}) {
    if (const Bytes answer = build(code, offer); fits(answer)) return answer;
  }
  // Only a request without the attributes that it must have is so short.
  return build(ErrorCode::bad_request, Offer::none);
}

// RFC 8656 section 11.2.
Outcome Server::handle_send(const FiveTuple& client, const stun::Message& message, Instant now) {
  const auto peer = message.xor_address(Attribute::xor_peer_address);
  const auto data = message.find(Attribute::data);
  std::array<std::uint16_t, 1> unknown{};
  if (!peer || !data || message.unknown_required(kKnownAttributes, unknown) > 0) return nothing();
  Allocation* allocation = table_.find(client);
  if (allocation == nullptr || allocation->permission(peer->ip, now) == nullptr) return nothing();
  return to_peer(*allocation, *peer, *data, now);
}

// RFC 8656 section 12.6.
Outcome Server::handle_channel_data(const FiveTuple& client, Bytes bytes, Instant now) {
  const auto message = wire::parse_channel_data(bytes);
  Allocation* allocation = message ? table_.find(client) : nullptr;
  if (allocation == nullptr) return nothing();
  const ChannelBinding* binding = allocation->channel(message->channel, now);
  return binding == nullptr ? nothing() : to_peer(*allocation, binding->peer, message->payload, now);
}

// A permission is for all ports of an IP, and was given a while ago; what may be reached is asked each time.
Outcome Server::to_peer(Allocation& allocation, const SocketAddress& peer, Bytes data, Instant now) const {
  if (refuse_peer(allocation, peer)) return nothing();
  if (!allocation.from_client.take(data.size(), config_.limits.bytes_per_second, now)) return nothing();
  Outcome outcome;
  outcome.kind = Outcome::Kind::to_peer;
  outcome.to_peer = {allocation.id, peer, data};
  return outcome;
}

bool Server::may_deliver(AllocationId id, std::size_t bytes, Instant now) {
  Allocation* allocation = table_.find(id);
  return allocation != nullptr && allocation->to_client.take(bytes, config_.limits.bytes_per_second, now);
}

void Server::handle_disconnect(const FiveTuple& client, Instant now) {
  handle_timeout(now);
  if (const Allocation* allocation = table_.find(client)) remove(allocation->id, now);
}

void Server::handle_timeout(Instant now) {
  while (const auto id = table_.pop_expired(now)) remove(*id, now);
  while (const auto address = config_.commons.reservations->pop_expired(now)) {
    addresses_.release(*address, now);
  }
}

void Server::remove(AllocationId id, Instant now) {
  const auto removed = table_.remove(id);
  if (!removed) return;
  for (const auto& relayed : removed->relayed) {
    if (relayed) addresses_.release(*relayed, now);
  }
  push_event(Event::Kind::gone, id);
}

std::optional<Event> Server::poll_event() {
  if (events_.empty()) return std::nullopt;
  const Event event = events_.front();
  events_.pop_front();
  return event;
}

std::optional<PeerFraming> Server::framing(AllocationId id, const SocketAddress& peer, Instant now) const {
  const Allocation* allocation = table_.find(id);
  if (allocation == nullptr || allocation->expires <= now) return std::nullopt;
  // RFC 8656 section 12.7 via 11.3: a channel does not stand in for a permission that has ended.
  const Permission* permission = allocation->permission(peer.ip, now);
  if (permission == nullptr || refuse_peer(*allocation, peer)) return std::nullopt;
  const Instant until = std::min(allocation->expires, permission->expires);
  if (const ChannelBinding* binding = allocation->channel_to(peer, now)) {
    return PeerFraming::channel(binding->number, allocation->client.is_stream(),
                                std::min(until, binding->expires));
  }
  stun::TransactionId transaction{};
  random_.fill(transaction);
  return PeerFraming::indication(peer, transaction, until);
}

AllocationId Server::allocation_at(const SocketAddress& relayed) const {
  const Allocation* allocation = table_.find_relayed(relayed);
  return allocation == nullptr ? AllocationId::none : allocation->id;
}

std::optional<SocketAddress> Server::relayed_address(AllocationId id, Family family) const {
  const Allocation* allocation = table_.find(id);
  return allocation == nullptr ? std::nullopt : allocation->relayed.in(family);
}

const FiveTuple* Server::client(AllocationId id) const {
  const Allocation* allocation = table_.find(id);
  return allocation == nullptr ? nullptr : &allocation->client;
}

std::string_view Server::username(AllocationId id) const {
  const Allocation* allocation = table_.find(id);
  return allocation == nullptr ? std::string_view() : std::string_view(allocation->username);
}

}  // namespace porthole::turn
