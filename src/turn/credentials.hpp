// Time-limited TURN credentials (draft-uberti-behave-turn-rest): minted offline from a shared secret,
// verified without a table of users.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/hmac.hpp"

namespace porthole::turn {

struct Credentials {
  std::string username;  // "expiry:name", or "expiry" when the name is empty.
  std::string password;  // base64(HMAC-SHA1(secret, username))
};

// `name` must not hold control characters; it ends up in a URL-free JSON string and in USERNAME.
Credentials mint(std::string_view secret, std::string_view name, std::int64_t expiry_unix_seconds);

// What a username says, without any proof that it is true.
struct ParsedUsername {
  std::int64_t expiry_unix_seconds = 0;
  std::string_view name;  // Borrows the username; empty when it has none.
};

// nullopt when it does not start with a decimal number that ends there or at a colon.
std::optional<ParsedUsername> parse_username(std::string_view username);
// Whom what such a user has counts for: the name, since the expiry before it changes.
std::string_view user_of(std::string_view username);

// RFC 8489 section 18.5.
enum class PasswordAlgorithm : std::uint16_t { md5 = 1, sha256 = 2 };

// What integrity is computed with. Its size depends on the algorithm that made it.
class Key {
 public:
  Key() = default;
  explicit Key(Bytes digest) : size_(digest.size()) { std::ranges::copy(digest, bytes_.begin()); }
  bool operator==(const Key&) const = default;
  operator Bytes() const { return Bytes(bytes_).first(size_); }  // NOLINT: it is nothing but bytes. Borrows.

 private:
  crypto::Sha256Digest bytes_{};
  std::size_t size_ = 0;
};

// RFC 8489 section 9.2.2: the hash of username ":" realm ":" password.
Key long_term_key(std::string_view username, std::string_view realm, std::string_view password,
                  PasswordAlgorithm algorithm = PasswordAlgorithm::md5);

// The secrets that are valid now. The first one mints; the others verify what was minted before a rotation.
class SharedSecrets {
 public:
  // At least one, at most kMaxSecrets (what is beyond is dropped).
  explicit SharedSecrets(std::vector<std::string> secrets);

  Credentials mint(std::string_view name, std::int64_t expiry_unix_seconds) const;

  std::size_t size() const { return secrets_.size(); }
  // The key that `username` has under secret `index`. Every username has one: whether it may use it is
  // another question, so that unknown users cost and look the same as wrong passwords.
  Key key(std::size_t index, std::string_view username, std::string_view realm,
          PasswordAlgorithm algorithm = PasswordAlgorithm::md5) const;

 private:
  std::vector<std::string> secrets_;
};

}  // namespace porthole::turn
