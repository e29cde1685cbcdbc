// Long-term credentials (RFC 8489 section 9.2) on top of time-limited usernames. Keeps no state at all.
#pragma once

#include <string>
#include <string_view>

#include "base/address.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "turn/credentials.hpp"
#include "turn/nonce.hpp"
#include "wire/stun.hpp"

namespace porthole::turn {

// Who sent a request, once that is proved.
struct Identity {
  std::string_view username;  // Borrows the request.
  Key key{};                  // Signs the answer.
  bool expired = false;       // The credentials' time is over: no new allocations, no refreshing of old ones.
};

class Authenticator {
 public:
  // Borrows `secrets`.
  Authenticator(std::string realm, const NonceKey& nonce_key, const SharedSecrets& secrets);

  // The sender, or the error to answer with: 400, or 401 or 438 with a challenge.
  Result<Identity, stun::ErrorCode> authenticate(const stun::Message& request, const IpAddress& client,
                                                 Instant now, const WallClock& wall_clock) const;

  // REALM and a fresh NONCE, which 401 and 438 carry.
  void add_challenge(stun::MessageBuilder& builder, const IpAddress& client, Instant now) const;

 private:
  // Constant after construction.
  std::string realm_;
  NonceIssuer nonces_;
  const SharedSecrets& secrets_;  // Borrowed.
};

}  // namespace porthole::turn
