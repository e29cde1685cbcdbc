// An authenticated request on its way through a handler, and the answers that handlers give.
#pragma once

#include <array>
#include <span>
#include <string_view>

#include "base/packet.hpp"
#include "base/time.hpp"
#include "turn/authentication.hpp"
#include "wire/stun.hpp"

namespace porthole::turn {

// Borrows everything, for the duration of one call.
struct Request {
  const stun::Message& message;
  const FiveTuple& client;
  const Identity& identity;
  std::string_view software;
  MutableBytes out;  // The answer's.
  Instant now;
};

// What this server understands of a request; other comprehension-required attributes get 420.
extern const std::span<const stun::Attribute> kKnownAttributes;

// The start of a success answer; finish() ends it with SOFTWARE, MESSAGE-INTEGRITY and, when the request had
// one, FINGERPRINT.
stun::MessageBuilder succeed(const Request& request);
Bytes finish(const Request& request, stun::MessageBuilder& builder);

// Whole error answers, for clients that proved who they are.
Bytes refuse(const Request& request, stun::ErrorCode code);
Bytes refuse_unknown(const Request& request, std::span<const std::uint16_t> unknown);

// Adds FINGERPRINT when the request had one, which every answer does.
Bytes finish_unsigned(const stun::Message& request, stun::MessageBuilder& builder);

}  // namespace porthole::turn
