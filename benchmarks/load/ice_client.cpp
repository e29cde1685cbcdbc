#include "load/ice_client.hpp"

#include <algorithm>
#include <utility>

namespace porthole::load {
namespace {

using stun::Attribute;

// On this machine an answer takes less; a server that is busy is not to be asked much more often.
constexpr Duration kFirstPatience = 100ms;
constexpr Duration kLastPatience = 1s;

// RFC 7675 section 5.1: a check about every 5 s, and after 30 s without an answer consent is gone. Chromium
// asks twice as often.
constexpr Duration kConsentPeriod = 2500ms;
constexpr Duration kConsentLifetime = 30s;

// What it waits for an answer before it asks again.
constexpr Duration kConsentPatience = 480ms;

// RFC 8445 section 5.1.2.1: of a host candidate.
constexpr std::uint32_t kPriority = (126U << 24) | (65'535U << 8) | 255U;

}  // namespace

IceClient::IceClient(check::IceCredentials local, check::IceCredentials remote, IceRole role, Random& random)
    : local_(std::move(local)),
      remote_(std::move(remote)),
      username_(remote_.ufrag + ":" + local_.ufrag),
      tie_breaker_(random.u64()),
      random_(random),
      role_(role) {}

Bytes IceClient::poll_transmit(MutableBytes out, Instant now) {
  if (now < check_at_) return {};
  if (!unanswered_) {
    random_.fill(unanswered_.emplace());
    patience_ = connected_ ? kConsentPatience : kFirstPatience;
  }
  check_at_ = now + patience_;
  patience_ = std::min(2 * patience_, kLastPatience);
  const bool controlling = role_ == IceRole::controlling;
  stun::MessageBuilder builder(out, stun::Class::request, stun::Method::binding, *unanswered_);
  builder.add_text(Attribute::username, username_);
  builder.add_u64(controlling ? Attribute::ice_controlling : Attribute::ice_controlled, tie_breaker_);
  if (controlling) builder.add_flag(Attribute::use_candidate);
  builder.add_u32(Attribute::priority, kPriority);
  builder.add_integrity(as_bytes(remote_.pwd));
  builder.add_fingerprint();
  return builder.finish();
}

Bytes IceClient::handle_stun(Bytes datagram, MutableBytes out, Instant now) {
  const auto message = stun::parse(datagram);
  if (!message || message->method() != stun::Method::binding) return {};
  if (message->message_class() == stun::Class::request) return answer(*message, out);
  if (unanswered_ && message->transaction() == *unanswered_) take_response(*message, now);
  return {};
}

Bytes IceClient::answer(const stun::Message& request, MutableBytes out) const {
  if (!request.integrity_ok(as_bytes(local_.pwd))) return {};
  stun::MessageBuilder builder(out, stun::Class::success, stun::Method::binding, request.transaction());
  // Nobody looks at the address: the server has found the path that it needs.
  builder.add_xor_address(Attribute::xor_mapped_address, SocketAddress{IpAddress::v4(0x7F000001), 9});
  builder.add_integrity(as_bytes(local_.pwd));
  builder.add_fingerprint();
  return builder.finish();
}

void IceClient::take_response(const stun::Message& response, Instant now) {
  if (!response.integrity_ok(as_bytes(remote_.pwd))) return;
  // RFC 8445 section 7.2.5.1: both ends took themselves for the same.
  if (response.error_code() == 487) {
    role_ = role_ == IceRole::controlling ? IceRole::controlled : IceRole::controlling;
    unanswered_.reset();
    check_at_ = now;
  }
  if (response.message_class() != stun::Class::success) return;
  unanswered_.reset();
  connected_ = true;
  consent_at_ = now;
  check_at_ = now + kConsentPeriod;
}

bool IceClient::consent_expired(Instant now) const {
  return connected_ && now - consent_at_ > kConsentLifetime;
}

}  // namespace porthole::load
