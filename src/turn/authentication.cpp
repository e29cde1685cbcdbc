#include "turn/authentication.hpp"

#include "turn/limits.hpp"

namespace porthole::turn {

using stun::Attribute;
using stun::ErrorCode;

Authenticator::Authenticator(std::string realm, const NonceKey& nonce_key, const SharedSecrets& secrets)
    : realm_(std::move(realm)), nonces_(nonce_key), secrets_(secrets) {}

// RFC 8489 section 9.2.4, in its order.
Result<Identity, ErrorCode> Authenticator::authenticate(const stun::Message& request, const IpAddress& client,
                                                        Instant now, const WallClock& wall_clock) const {
  // Without integrity: the client has yet to learn realm and nonce.
  if (!request.has_integrity()) return fail(ErrorCode::unauthorized);

  // With integrity, all that it is computed from must be there.
  const auto username = request.text(Attribute::username);
  const auto realm = request.text(Attribute::realm);
  const auto nonce = request.text(Attribute::nonce);
  if (!username || !realm || !nonce) return fail(ErrorCode::bad_request);
  if (username->size() > kMaxUsername || realm->size() > kMaxClientRealm) return fail(ErrorCode::bad_request);

  // User and password are judged together and in full, whichever is wrong: an unknown user costs the same
  // hashes and gets the same answer as a wrong password. A realm that is not ours makes the keys differ.
  const auto parsed = parse_username(*username);
  Identity identity{*username, {}, false};
  bool proved = false;
  for (std::size_t i = 0; i < secrets_.size() && !proved; ++i) {
    identity.key = secrets_.key(i, *username, realm_);
    proved = request.integrity_ok(identity.key);
  }
  if (!proved || !parsed) return fail(ErrorCode::unauthorized);

  if (!nonces_.valid(*nonce, client, now)) return fail(ErrorCode::stale_nonce);
  identity.expired = parsed->expiry_unix_seconds <= wall_clock.unix_seconds(now);
  return identity;
}

void Authenticator::add_challenge(stun::MessageBuilder& builder, const IpAddress& client, Instant now) const {
  const Nonce nonce = nonces_.issue(client, now);
  builder.add_text(Attribute::realm, realm_);
  builder.add_text(Attribute::nonce, {nonce.data(), nonce.size()});
}

}  // namespace porthole::turn
