#include "turn/allocate_wish.hpp"

#include <algorithm>

#include "turn/limits.hpp"

namespace porthole::turn {

using stun::Attribute;
using stun::ErrorCode;

namespace {

using std::chrono::duration_cast;
using std::chrono::seconds;
using Parity = RelayAddresses::Parity;

constexpr std::uint8_t kUdp = 17;                // IANA protocol number, as REQUESTED-TRANSPORT holds it.
constexpr std::uint8_t kReserveNextPort = 0x80;  // RFC 8656 section 18.6: the R bit.
// RFC 8656 section 18.4.
constexpr std::uint8_t kIpv4 = 1;
constexpr std::uint8_t kIpv6 = 2;

// What LIFETIME asks for; the default when it asks for nothing.
Result<seconds, ErrorCode> asked_lifetime(const stun::Message& message) {
  const auto asked = message.u32(Attribute::lifetime);
  if (!asked && message.has(Attribute::lifetime)) return fail(ErrorCode::bad_request);
  return asked ? seconds(*asked) : duration_cast<seconds>(kDefaultLifetime);
}

seconds granted_lifetime(seconds asked) {
  return std::clamp(asked, duration_cast<seconds>(kDefaultLifetime), duration_cast<seconds>(kMaxLifetime));
}

Result<std::optional<Family>, ErrorCode> asked_family(const stun::Message& message) {
  const auto asked = message.u8_in_word(Attribute::requested_address_family);
  if (!asked) {
    if (message.has(Attribute::requested_address_family)) return fail(ErrorCode::bad_request);
    return std::optional<Family>();
  }
  if (*asked == kIpv4) return std::optional(Family::ipv4);
  if (*asked == kIpv6) return std::optional(Family::ipv6);
  return fail(ErrorCode::address_family_not_supported);
}

Result<Parity, ErrorCode> asked_parity(const stun::Message& message) {
  if (!message.has(Attribute::even_port)) return Parity::any;
  const auto even_port = message.u8(Attribute::even_port);
  if (!even_port) return fail(ErrorCode::bad_request);
  return (*even_port & kReserveNextPort) != 0 ? Parity::even_and_next : Parity::even;
}

std::optional<ErrorCode> check_transport(const stun::Message& message) {
  const auto transport = message.u8_in_word(Attribute::requested_transport);
  if (!transport) return ErrorCode::bad_request;
  // RFC 6062's TCP allocations would open connections to peers.
  return *transport == kUdp ? std::nullopt : std::optional(ErrorCode::unsupported_transport);
}

// Steps 5 to 9: a token is for the address that was reserved, whatever else one might wish; two families
// leave no room for wishes about one of them.
bool contradicts_itself(const stun::Message& message, Parity parity) {
  const bool one_family = message.has(Attribute::requested_address_family);
  const bool two_families = message.has(Attribute::additional_address_family);
  if (message.has(Attribute::reservation_token)) return parity != Parity::any || one_family || two_families;
  if (!two_families) return false;
  // An additional address is an IPv6 one.
  return one_family || parity == Parity::even_and_next ||
         message.u8_in_word(Attribute::additional_address_family) != kIpv6;
}

}  // namespace

Result<AllocateWish, ErrorCode> read_allocate(const stun::Message& message) {
  const auto lifetime = asked_lifetime(message);
  if (!lifetime) return fail(lifetime.error());
  // 3. UDP is the only transport towards peers.
  if (const auto error = check_transport(message)) return fail(*error);
  // 4. DONT-FRAGMENT is granted as it is: peers are on this machine, where nothing is fragmented.
  // 5 to 9. A reserved address, an even port, the family or families.
  const auto parity = asked_parity(message);
  if (!parity) return fail(parity.error());
  if (contradicts_itself(message, *parity)) return fail(ErrorCode::bad_request);
  const auto family = asked_family(message);
  if (!family) return fail(family.error());
  return AllocateWish{granted_lifetime(*lifetime), *family, message.has(Attribute::additional_address_family),
                      *parity, message.find(Attribute::reservation_token)};
}

Result<RefreshWish, ErrorCode> read_refresh(const stun::Message& message) {
  const auto lifetime = asked_lifetime(message);
  if (!lifetime) return fail(lifetime.error());
  const auto family = asked_family(message);
  // No allocation has an address of a family that nobody knows.
  if (!family) {
    const bool unknown = family.error() == ErrorCode::address_family_not_supported;
    return fail(unknown ? ErrorCode::peer_address_family_mismatch : family.error());
  }
  return RefreshWish{*lifetime == seconds(0) ? seconds(0) : granted_lifetime(*lifetime), *family};
}

}  // namespace porthole::turn
