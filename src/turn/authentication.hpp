// Long-term credentials (RFC 8489 section 9.2) on top of time-limited usernames.
#pragma once

#include <string>
#include <string_view>

#include "base/address.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "turn/credentials.hpp"
#include "turn/known_users.hpp"
#include "turn/nonce.hpp"
#include "wire/stun.hpp"

namespace porthole::turn {

// Who sent a request, once that is proved.
struct Identity {
  std::string_view username;  // Borrows the request, or the users that are known.
  Key key;                    // Signs the answer.
  bool sha256 = false;        // The client asked for SHA-256, by using it, so the answer is signed with it.
  bool expired = false;       // The credentials' time is over: no new allocations, no refreshing of old ones.
};

class Authenticator {
 public:
  // Borrows `secrets`.
  Authenticator(std::string realm, const NonceKey& nonce_key, const SharedSecrets& secrets);

  // The sender, or the error to answer with: 400, or 401 or 438 with a challenge.
  Result<Identity, stun::ErrorCode> authenticate(const stun::Message& request, const IpAddress& client,
                                                 Instant now, const WallClock& wall_clock) const;

  // What 401 and 438 carry: REALM and a fresh NONCE, and PASSWORD-ALGORITHMS where they are offered.
  void add_challenge(stun::MessageBuilder& builder, const IpAddress& client, Offer offer, Instant now) const;

  // From now on this user may be named by its hash.
  void remember(std::string_view username) { known_users_.remember(username); }

 private:
  // What a request says of its sender.
  struct Claim {
    std::string_view username;
    std::string_view nonce;
    PasswordAlgorithm algorithm = PasswordAlgorithm::md5;
    bool sha256 = false;
  };
  Result<Claim, stun::ErrorCode> read_claim(const stun::Message& request) const;
  // The key with which the claim is true; nullopt when there is none.
  std::optional<Key> prove(const stun::Message& request, const Claim& claim) const;

  // Constant after construction.
  std::string realm_;
  NonceIssuer nonces_;
  const SharedSecrets& secrets_;  // Borrowed.

  KnownUsers known_users_;
};

}  // namespace porthole::turn
