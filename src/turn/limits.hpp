// Every limit of the TURN server, by name: lifetimes that RFC 8656 sets, and bounds on what clients can hold.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/time.hpp"

namespace porthole::turn {

// RFC 8656 section 3.2: what an allocation gets that asks for less, or for nothing.
constexpr Duration kDefaultLifetime = 600s;
// RFC 8656 section 7.2 recommends a maximum of one hour.
constexpr Duration kMaxLifetime = 3600s;
// RFC 8656 section 9: a permission lasts 5 minutes, and only an explicit request renews it.
constexpr Duration kPermissionLifetime = 300s;
// RFC 8656 section 12: a channel lasts 10 minutes, and only another ChannelBind renews it.
constexpr Duration kChannelLifetime = 600s;

// Browsers treat a 438 answer to an Allocate as fatal, and a page may fetch its ICE servers long before it
// uses them, so a nonce outlives any sensible session set-up.
constexpr Duration kNonceLifetime = 6h;

// A label that was freed may still stand in some client's candidate pairs, so it rests before it is used
// again.
constexpr Duration kLabelRest = 120s;
// Clients that allocate and free without pause must not use up all ports: then the oldest stop resting early.
constexpr std::size_t kMaxRestingLabels = 16'384;

// RFC 8489 section 14.3: USERNAME has fewer than 509 bytes; RFC 5389 allowed up to 513.
constexpr std::size_t kMaxUsername = 513;
// RFC 8489 section 14.9: REALM has at most 763 bytes.
constexpr std::size_t kMaxClientRealm = 763;

// The answer to a request that could be forged is at most 5/2 as long. The shortest Allocate that makes
// sense has 28 bytes, and its 401 needs 20 for the header, 8 for ERROR-CODE, 28 for NONCE: 12 are left for
// REALM, 4 of them its header.
constexpr std::size_t kMaxRealm = 8;
constexpr std::size_t kAmplificationNumerator = 5;
constexpr std::size_t kAmplificationDenominator = 2;

// Challenges (401, 438) that one source of datagrams may have at once, and each second from then on. A client
// asks once for each allocation and nonce; a flood with a forged source is not worth answering.
constexpr std::uint32_t kChallengeBurst = 30;
constexpr std::uint32_t kChallengesPerSecond = 10;

// RFC 8656 section 7.2: a reserved port is kept for at least 30 seconds.
constexpr Duration kReservationLifetime = 30s;
constexpr std::size_t kMaxReservations = 1000;

// Minted users that can be named by USERHASH. The oldest are forgotten first.
constexpr std::size_t kMaxKnownUsers = 4096;

// What an allocation may relay at once, as a time at its full rate: a keyframe, or the burst of a busy
// sender.
constexpr Duration kRelayBurst = 250ms;

// Types that a 420 answer lists at most.
constexpr std::size_t kMaxUnknownListed = 8;

// On a stream, before its client has an allocation: no request that such a client has reason to send is
// longer, with USERNAME, REALM, NONCE and SOFTWARE at their longest.
constexpr std::size_t kMaxUnauthenticatedFrame = 4096;
// And how long it may take until then: a stream is held for those who use it.
constexpr Duration kAuthenticationTimeout = 30s;

// Secrets that are valid at the same time: one to mint with, others that rotate out.
constexpr std::size_t kMaxSecrets = 4;

// No answer of the server is longer, so that a buffer of this size always does.
constexpr std::size_t kMaxReply = 512;

// What an operator may want to move.
struct Limits {
  std::size_t allocations = 10'000;
  std::size_t allocations_per_user = 8;
  // Of clients: a NAT, a proxy or a company may stand behind one. See IpAddress::customer().
  std::size_t allocations_per_address = 1'000;
  std::size_t permissions_per_allocation = 32;
  std::size_t channels_per_allocation = 32;
  // Per allocation and direction, of payload; 0 for no limit. The default is 100 Mbit/s.
  std::uint64_t bytes_per_second = 12'500'000;
};

}  // namespace porthole::turn
