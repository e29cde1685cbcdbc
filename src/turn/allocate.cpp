// Allocate and Refresh: RFC 8656 sections 7 and 8.
#include "turn/allocate_wish.hpp"
#include "turn/request.hpp"
#include "turn/server.hpp"

namespace porthole::turn {

using stun::Attribute;
using stun::ErrorCode;

namespace {

using Parity = RelayAddresses::Parity;

Bytes allocated(const Request& request, const Allocation& allocation) {
  stun::MessageBuilder builder = succeed(request);
  for (const auto& relayed : allocation.relayed) {
    if (relayed) builder.add_xor_address(Attribute::xor_relayed_address, *relayed);
  }
  if (allocation.missing) builder.add_address_error(allocation.missing->family, allocation.missing->why);
  builder.add_u32(Attribute::lifetime, allocation.granted_seconds);
  if (allocation.reservation) builder.add(Attribute::reservation_token, *allocation.reservation);
  builder.add_xor_address(Attribute::xor_mapped_address, request.client.remote);
  return finish(request, builder);
}

}  // namespace

Bytes Server::allocate(const Request& request) {
  // RFC 8656 section 7.2 step 2. One allocation a 5-tuple. The same request once more means that our answer
  // was lost.
  if (const Allocation* existing = table_.find(request.client)) {
    const bool repeated = existing->transaction == request.message.transaction() &&
                          existing->username == request.identity.username;
    return repeated ? allocated(request, *existing) : refuse(request, ErrorCode::allocation_mismatch);
  }
  const auto wish = read_allocate(request.message);
  if (!wish) return refuse(request, wish.error());
  auto shares = take_shares(request, *wish);
  if (!shares) return refuse(request, shares.error());

  Allocation fresh;
  if (const auto error = take_addresses(request, *wish, *shares, fresh)) return refuse(request, *error);
  fresh.of_client = std::move(shares->of_client);
  fresh.of_user = std::move(shares->of_user);
  fresh.client = request.client;
  fresh.username = request.identity.username;
  fresh.expires = request.now + wish->lifetime;
  fresh.transaction = request.message.transaction();
  fresh.granted_seconds = static_cast<std::uint32_t>(wish->lifetime.count());
  const Allocation& allocation = table_.add(std::move(fresh));
  push_event(Event::Kind::created, allocation.id);
  return allocated(request, allocation);
}

// What is reserved counts as if it were allocated: for its user, and for nobody twice.
Result<Server::Shares, ErrorCode> Server::take_shares(const Request& request,
                                                      const AllocateWish& wish) const {
  Shares shares;
  const auto count_for_user = [&](Quota<std::string>::Share& share) {
    auto taken = config_.commons.users->take(std::string(user_of(request.identity.username)));
    if (taken) share = std::move(*taken);
    return taken.ok();
  };
  const bool with_next = wish.parity == Parity::even_and_next;
  if ((!wish.token && !count_for_user(shares.of_user)) || (with_next && !count_for_user(shares.to_be_kept))) {
    return fail(ErrorCode::allocation_quota_reached);
  }
  auto of_client = config_.commons.allocations->take(request.client.remote.ip.customer());
  if (!of_client) {
    return fail(of_client.error() == Exceeded::in_all ? ErrorCode::insufficient_capacity
                                                      : ErrorCode::allocation_quota_reached);
  }
  shares.of_client = std::move(*of_client);
  return shares;
}

std::optional<ErrorCode> Server::take_addresses(const Request& request, const AllocateWish& wish,
                                                Shares& shares, Allocation& fresh) {
  if (wish.token) return take_reserved(request, wish, shares, fresh);
  if (wish.parity == Parity::even_and_next) return take_pair(request, wish, shares, fresh);
  const auto first = take(request, wish.additional_ipv6 ? Family::ipv4 : wish.family, wish.parity);
  if (first) fresh.relayed.set(first->address);
  if (!wish.additional_ipv6) return first ? std::nullopt : std::optional(first.error());

  // RFC 8656 section 7.2: one of the two is better than none, and the client is told what became of the
  // other.
  const auto second = take(request, Family::ipv6, wish.parity);
  if (second) fresh.relayed.set(second->address);
  if (!first && !second) return first.error();
  if (!first) fresh.missing = {Family::ipv4, first.error()};
  if (!second) fresh.missing = {Family::ipv6, second.error()};
  return std::nullopt;
}

std::optional<ErrorCode> Server::take_reserved(const Request& request, const AllocateWish& wish,
                                               Shares& shares, Allocation& fresh) {
  auto reserved = config_.commons.reservations->redeem(*wish.token, user_of(request.identity.username));
  if (!reserved) return ErrorCode::insufficient_capacity;
  if (!addresses_.adopt(reserved->address)) {
    addresses_.release(reserved->address, request.now);
    return ErrorCode::insufficient_capacity;
  }
  shares.of_user = std::move(reserved->of_user);
  fresh.relayed.set(reserved->address);
  return std::nullopt;
}

std::optional<ErrorCode> Server::take_pair(const Request& request, const AllocateWish& wish, Shares& shares,
                                           Allocation& fresh) {
  const auto pair = take(request, wish.family, wish.parity);
  if (!pair) return pair.error();
  ReservationToken token{};
  random_.fill(token);
  Reservation next{*pair->next, std::string(user_of(request.identity.username)),
                   std::move(shares.to_be_kept)};
  if (!config_.commons.reservations->keep(token, std::move(next), request.now)) {
    addresses_.release(pair->address, request.now);
    addresses_.release(*pair->next, request.now);
    return ErrorCode::insufficient_capacity;
  }
  fresh.relayed.set(pair->address);
  fresh.reservation = token;
  return std::nullopt;
}

Result<RelayAddresses::Taken, ErrorCode> Server::take(const Request& request, std::optional<Family> family,
                                                      Parity parity) {
  const auto ip = policy_.relay_ip(request.client, family);
  if (!ip) return fail(ErrorCode::address_family_not_supported);
  const auto taken = addresses_.take(*ip, parity, request.now);
  if (!taken) return fail(ErrorCode::insufficient_capacity);
  return *taken;
}

Bytes Server::refresh(const Request& request) {
  const auto own = own_allocation(request);
  if (!own) return refuse(request, own.error());
  Allocation& allocation = **own;
  const auto wish = read_refresh(request.message);
  if (!wish) return refuse(request, wish.error());
  if (wish->family && !allocation.relayed.in(*wish->family)) {
    return refuse(request, ErrorCode::peer_address_family_mismatch);
  }
  if (wish->lifetime.count() > 0) {
    table_.set_expiry(allocation, request.now + wish->lifetime);
  } else {
    free(allocation, wish->family, request.now);
  }
  stun::MessageBuilder builder = succeed(request);
  builder.add_u32(Attribute::lifetime, static_cast<std::uint32_t>(wish->lifetime.count()));
  return finish(request, builder);
}

// RFC 8656 section 8.2: of two relayed addresses one may go by itself.
void Server::free(Allocation& allocation, std::optional<Family> family, Instant now) {
  const auto relayed = family ? allocation.relayed.in(*family) : std::nullopt;
  if (relayed) {
    table_.drop_relayed(allocation, *family);
    addresses_.release(*relayed, now);
    push_event(Event::Kind::framing_changed, allocation.id);
    if (!allocation.relayed.empty()) return;
  }
  remove(allocation.id, now);
}

// RFC 8656 section 5: without an allocation 437, and only its own user may change it.
Result<Allocation*, ErrorCode> Server::own_allocation(const Request& request) {
  Allocation* allocation = table_.find(request.client);
  if (allocation == nullptr) return fail(ErrorCode::allocation_mismatch);
  if (allocation->username != request.identity.username) return fail(ErrorCode::wrong_credentials);
  return allocation;
}

}  // namespace porthole::turn
