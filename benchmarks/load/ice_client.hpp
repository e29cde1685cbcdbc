// A viewer's end of ICE (RFC 8445): checks one pair, nominates it, keeps consent fresh (RFC 7675), and
// answers the server's own checks where it has any. It holds no socket and no clock.
#pragma once

#include <optional>
#include <string>

#include "base/bytes.hpp"
#include "base/random.hpp"
#include "base/time.hpp"
#include "check/offer.hpp"
#include "wire/stun.hpp"

namespace porthole::load {

enum class IceRole : std::uint8_t { controlling, controlled };

class IceClient {
 public:
  // Borrows `random`.
  IceClient(check::IceCredentials local, check::IceCredentials remote, IceRole role, Random& random);

  void start(Instant now) { check_at_ = now; }
  // The check that is due, in `out`; empty when none is.
  Bytes poll_transmit(MutableBytes out, Instant now);
  // Takes a STUN message from the server; what it wants to hear is in `out`, and empty when that is nothing.
  Bytes handle_stun(Bytes datagram, MutableBytes out, Instant now);
  Instant next_timeout() const { return check_at_; }

  // A check of ours was answered.
  bool connected() const { return connected_; }
  // RFC 7675 section 5.1: nothing may be sent any more.
  bool consent_expired(Instant now) const;

 private:
  Bytes answer(const stun::Message& request, MutableBytes out) const;
  void take_response(const stun::Message& response, Instant now);

  // Constant after construction.
  const check::IceCredentials local_;
  const check::IceCredentials remote_;
  const std::string username_;  // Of our checks.
  const std::uint64_t tie_breaker_;

  Random& random_;  // Borrowed: outlives this.

  IceRole role_;
  Instant check_at_ = Instant::max();
  Duration patience_{};
  Instant consent_at_{};
  std::optional<stun::TransactionId> unanswered_;
  bool connected_ = false;
};

}  // namespace porthole::load
