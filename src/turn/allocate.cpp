// Allocate and Refresh: RFC 8656 section 7.
#include <algorithm>
#include <chrono>

#include "turn/request.hpp"
#include "turn/server.hpp"

namespace porthole::turn {

using stun::Attribute;
using stun::ErrorCode;

namespace {

using std::chrono::duration_cast;
using std::chrono::seconds;

constexpr std::uint8_t kUdp = 17;                // IANA protocol number, as REQUESTED-TRANSPORT holds it.
constexpr std::uint8_t kReserveNextPort = 0x80;  // RFC 8656 section 18.6: the R bit.

// What LIFETIME asks for, within what we grant; the default when it asks for nothing.
Result<seconds, ErrorCode> asked_lifetime(const stun::Message& message) {
  const auto asked = message.u32(Attribute::lifetime);
  if (!asked && message.has(Attribute::lifetime)) return fail(ErrorCode::bad_request);
  return seconds{
      asked.value_or(static_cast<std::uint32_t>(duration_cast<seconds>(kDefaultLifetime).count()))};
}

seconds granted_lifetime(seconds asked) {
  return std::clamp(asked, duration_cast<seconds>(kDefaultLifetime), duration_cast<seconds>(kMaxLifetime));
}

// nullopt when the client leaves it to us, as browsers do.
Result<std::optional<Family>, ErrorCode> asked_family(const stun::Message& message) {
  const auto asked = message.u8_in_word(Attribute::requested_address_family);
  if (!asked) {
    if (message.has(Attribute::requested_address_family)) return fail(ErrorCode::bad_request);
    return std::optional<Family>();
  }
  if (*asked == 1) return std::optional(Family::ipv4);
  if (*asked == 2) return std::optional(Family::ipv6);
  return fail(ErrorCode::address_family_not_supported);
}

Bytes allocated(const Request& request, const Allocation& allocation) {
  stun::MessageBuilder builder = succeed(request);
  builder.add_xor_address(Attribute::xor_relayed_address, allocation.relayed);
  builder.add_u32(Attribute::lifetime, allocation.granted_seconds);
  builder.add_xor_address(Attribute::xor_mapped_address, request.client.remote);
  return finish(request, builder);
}

}  // namespace

// The numbers are the steps of RFC 8656 section 7.2; step 1, authentication, is done.
Bytes Server::allocate(const Request& request) {
  // 2. One allocation a 5-tuple. The same request once more means that our answer was lost.
  if (const Allocation* existing = table_.find(request.client)) {
    const bool repeated = existing->transaction == request.message.transaction() &&
                          existing->username == request.identity.username;
    return repeated ? allocated(request, *existing) : refuse(request, ErrorCode::allocation_mismatch);
  }
  const auto asked = asked_lifetime(request.message);
  if (!asked) return refuse(request, asked.error());
  const auto relayed = new_relayed_address(request);
  if (!relayed) return refuse(request, relayed.error());

  const seconds granted = granted_lifetime(*asked);
  Allocation fresh;
  fresh.client = request.client;
  fresh.relayed = *relayed;
  fresh.username = request.identity.username;
  fresh.expires = request.now + granted;
  fresh.transaction = request.message.transaction();
  fresh.granted_seconds = static_cast<std::uint32_t>(granted.count());
  const Allocation& allocation = table_.add(std::move(fresh));
  push_event(Event::Kind::created, allocation.id);
  return allocated(request, allocation);
}

Result<SocketAddress, ErrorCode> Server::new_relayed_address(const Request& request) {
  const stun::Message& message = request.message;
  // 3. UDP is the only transport towards peers.
  const auto transport = message.u8_in_word(Attribute::requested_transport);
  if (!transport) return fail(ErrorCode::bad_request);
  if (*transport != kUdp) return fail(ErrorCode::unsupported_transport);
  // 4. DONT-FRAGMENT is granted as it is: what never leaves the process is never fragmented.
  // 5, 6. We reserve no ports, so no token can be one of ours.
  const auto even_port = message.u8(Attribute::even_port);
  if (message.has(Attribute::even_port) && !even_port) return fail(ErrorCode::bad_request);
  const auto family = asked_family(message);
  if (message.has(Attribute::reservation_token)) {
    const bool contradicts = even_port || message.has(Attribute::requested_address_family);
    return fail(contradicts ? ErrorCode::bad_request : ErrorCode::insufficient_capacity);
  }
  // 7. The address family.
  if (!family) return fail(family.error());
  const auto ip = policy_.relay_ip(request.client, *family);
  if (!ip) return fail(ErrorCode::address_family_not_supported);
  // 8. An even port can be had, the next one kept for later cannot.
  if (even_port && (*even_port & kReserveNextPort) != 0) return fail(ErrorCode::insufficient_capacity);
  // 10. The quota of this user, then that of all.
  if (table_.count_of(user_of(request.identity.username)) >= config_.limits.allocations_per_user) {
    return fail(ErrorCode::allocation_quota_reached);
  }
  if (table_.size() >= config_.limits.allocations) return fail(ErrorCode::insufficient_capacity);
  using Parity = RelayAddresses::Parity;
  const auto taken = addresses_.take(*ip, even_port ? Parity::even : Parity::any, request.now);
  if (!taken) return fail(ErrorCode::insufficient_capacity);
  return taken->address;
}

// RFC 8656 section 8.2.
Bytes Server::refresh(const Request& request) {
  const auto allocation = own_allocation(request);
  if (!allocation) return refuse(request, allocation.error());
  const auto asked = asked_lifetime(request.message);
  if (!asked) return refuse(request, asked.error());
  const auto family = asked_family(request.message);
  if (!family || (*family && **family != (*allocation)->relayed.ip.family())) {
    return refuse(request, ErrorCode::peer_address_family_mismatch);
  }
  const seconds granted = *asked == 0s ? 0s : granted_lifetime(*asked);
  if (granted == 0s) {
    remove((*allocation)->id, request.now);
  } else {
    table_.set_expiry(**allocation, request.now + granted);
  }
  stun::MessageBuilder builder = succeed(request);
  builder.add_u32(Attribute::lifetime, static_cast<std::uint32_t>(granted.count()));
  return finish(request, builder);
}

// RFC 8656 section 5: without an allocation 437, and only its own user may change it.
Result<Allocation*, ErrorCode> Server::own_allocation(const Request& request) {
  Allocation* allocation = table_.find(request.client);
  if (allocation == nullptr) return fail(ErrorCode::allocation_mismatch);
  if (allocation->username != request.identity.username) return fail(ErrorCode::wrong_credentials);
  return allocation;
}

}  // namespace porthole::turn
