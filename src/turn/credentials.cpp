#include "turn/credentials.hpp"

#include <cassert>
#include <charconv>

#include "turn/limits.hpp"

namespace porthole::turn {
namespace {

// 12 digits of seconds reach beyond the year 30000, and cannot overflow.
constexpr std::size_t kMaxExpiryDigits = 12;

std::string password_of(std::string_view secret, std::string_view username) {
  return crypto::base64(crypto::hmac_sha1(as_bytes(secret), {as_bytes(username)}));
}

}  // namespace

Credentials mint(std::string_view secret, std::string_view name, std::int64_t expiry_unix_seconds) {
  std::string username = std::to_string(expiry_unix_seconds);
  if (!name.empty()) username.append(":").append(name);
  std::string password = password_of(secret, username);
  return {std::move(username), std::move(password)};
}

std::optional<ParsedUsername> parse_username(std::string_view username) {
  const std::size_t colon = username.find(':');
  const std::string_view digits = username.substr(0, colon);
  if (digits.empty() || digits.size() > kMaxExpiryDigits || digits[0] == '-') return std::nullopt;
  ParsedUsername parsed;
  const char* const end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, parsed.expiry_unix_seconds);
  if (error != std::errc{} || stop != end) return std::nullopt;
  if (colon != std::string_view::npos) parsed.name = username.substr(colon + 1);
  return parsed;
}

std::string_view user_of(std::string_view username) {
  const auto parsed = parse_username(username);
  return parsed && !parsed->name.empty() ? parsed->name : username;
}

Key long_term_key(std::string_view username, std::string_view realm, std::string_view password,
                  PasswordAlgorithm algorithm) {
  const Bytes colon = as_bytes(":");
  const std::initializer_list<Bytes> pieces{as_bytes(username), colon, as_bytes(realm), colon,
                                            as_bytes(password)};
  return algorithm == PasswordAlgorithm::md5 ? Key(crypto::md5(pieces)) : Key(crypto::sha256(pieces));
}

SharedSecrets::SharedSecrets(std::vector<std::string> secrets) : secrets_(std::move(secrets)) {
  assert(!secrets_.empty());
  if (secrets_.size() > kMaxSecrets) secrets_.resize(kMaxSecrets);
}

Credentials SharedSecrets::mint(std::string_view name, std::int64_t expiry_unix_seconds) const {
  return turn::mint(secrets_.front(), name, expiry_unix_seconds);
}

Key SharedSecrets::key(std::size_t index, std::string_view username, std::string_view realm,
                       PasswordAlgorithm algorithm) const {
  return long_term_key(username, realm, password_of(secrets_[index], username), algorithm);
}

}  // namespace porthole::turn
