#include "turn/authentication.hpp"

#include <algorithm>
#include <array>

#include "turn/limits.hpp"

namespace porthole::turn {

using stun::Attribute;
using stun::ErrorCode;

namespace {

// RFC 8489 section 14.11: an algorithm's number and the size of its parameters, which neither of ours has.
// The better one first.
constexpr std::array<std::uint8_t, 8> kPasswordAlgorithms{
    0, static_cast<std::uint8_t>(PasswordAlgorithm::sha256), 0, 0,
    0, static_cast<std::uint8_t>(PasswordAlgorithm::md5),    0, 0};

std::optional<PasswordAlgorithm> asked_algorithm(const stun::Message& request) {
  const auto asked = request.u16_in_word(Attribute::password_algorithm);
  for (const PasswordAlgorithm known : {PasswordAlgorithm::sha256, PasswordAlgorithm::md5}) {
    if (asked == static_cast<std::uint16_t>(known)) return known;
  }
  return std::nullopt;
}

// RFC 8489 section 9.2.4: whoever edits what we offered in order to weaken it is found out here, since
// integrity covers what the client was shown.
Result<PasswordAlgorithm, ErrorCode> agreed_algorithm(const stun::Message& request, Offer offer) {
  const auto shown = request.find(Attribute::password_algorithms);
  if (!shown && !request.has(Attribute::password_algorithm)) return PasswordAlgorithm::md5;
  const auto asked = asked_algorithm(request);
  if (!asked) return fail(ErrorCode::bad_request);
  // A client that was offered nothing (there was no room) may ask all the same.
  const bool as_offered = shown && std::ranges::equal(*shown, kPasswordAlgorithms);
  if (offer == Offer::password_algorithms && !as_offered) return fail(ErrorCode::bad_request);
  return *asked;
}

}  // namespace

Authenticator::Authenticator(std::string realm, const NonceKey& nonce_key, const SharedSecrets& secrets)
    : realm_(std::move(realm)), nonces_(nonce_key), secrets_(secrets), known_users_(realm_) {}

// RFC 8489 section 9.2.4, in its order.
Result<Identity, ErrorCode> Authenticator::authenticate(const stun::Message& request, const IpAddress& client,
                                                        Instant now, const WallClock& wall_clock) const {
  // Without integrity: the client has yet to learn realm and nonce.
  if (!request.has_integrity() && !request.has_integrity_sha256()) return fail(ErrorCode::unauthorized);
  const auto claim = read_claim(request);
  if (!claim) return fail(claim.error());

  // User and password are judged together and in full, whichever is wrong: an unknown user costs the same
  // hashes and gets the same answer as a wrong password. A realm that is not ours makes the keys differ.
  const auto parsed = parse_username(claim->username);
  const auto key = prove(request, *claim);
  if (!key || !parsed) return fail(ErrorCode::unauthorized);

  if (!nonces_.valid(claim->nonce, client, now)) return fail(ErrorCode::stale_nonce);
  const bool expired = parsed->expiry_unix_seconds <= wall_clock.unix_seconds(now);
  return Identity{claim->username, *key, claim->sha256, expired};
}

// With integrity, all that it is computed from must be there.
Result<Authenticator::Claim, ErrorCode> Authenticator::read_claim(const stun::Message& request) const {
  const auto username = request.text(Attribute::username);
  const auto userhash = request.find(Attribute::userhash);
  const auto realm = request.text(Attribute::realm);
  const auto nonce = request.text(Attribute::nonce);
  if ((!username && !userhash) || !realm || !nonce) return fail(ErrorCode::bad_request);
  if (realm->size() > kMaxClientRealm) return fail(ErrorCode::bad_request);
  const auto algorithm = agreed_algorithm(request, offer_of(*nonce));
  if (!algorithm) return fail(algorithm.error());

  Claim claim;
  // A hash that nobody is known by is nobody's name either.
  claim.username = username ? *username : known_users_.find(*userhash).value_or(as_text(*userhash));
  if (claim.username.size() > kMaxUsername) return fail(ErrorCode::bad_request);
  claim.nonce = *nonce;
  claim.algorithm = *algorithm;
  claim.sha256 = request.has_integrity_sha256() || request.has(Attribute::password_algorithm);
  return claim;
}

std::optional<Key> Authenticator::prove(const stun::Message& request, const Claim& claim) const {
  for (std::size_t i = 0; i < secrets_.size(); ++i) {
    const Key key = secrets_.key(i, claim.username, realm_, claim.algorithm);
    const bool proved =
        request.has_integrity_sha256() ? request.integrity_sha256_ok(key) : request.integrity_ok(key);
    if (proved) return key;
  }
  return std::nullopt;
}

void Authenticator::add_challenge(stun::MessageBuilder& builder, const IpAddress& client, Offer offer,
                                  Instant now) const {
  builder.add_text(Attribute::realm, realm_);
  builder.add_text(Attribute::nonce, nonces_.issue(client, offer, now).text());
  if (offer == Offer::password_algorithms) builder.add(Attribute::password_algorithms, kPasswordAlgorithms);
}

}  // namespace porthole::turn
