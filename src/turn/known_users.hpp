// Users by the hash that may stand for them in a request, so that an eavesdropper learns no names.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "crypto/hmac.hpp"

namespace porthole::turn {

// A hash cannot be turned back into the name that it was made from, and time-limited names are minted by
// whoever has the secret. So a server knows those that it minted itself, and no others.
class KnownUsers {
 public:
  explicit KnownUsers(std::string realm) : realm_(std::move(realm)) {}

  // Beyond kMaxKnownUsers the oldest one is forgotten: its user is still let in by USERNAME.
  void remember(std::string_view username);

  // RFC 8489 section 14.4: `userhash` is SHA-256(username ":" realm). nullopt for strangers. Borrows from
  // this, until the next remember().
  std::optional<std::string_view> find(Bytes userhash) const;

  std::size_t size() const { return names_.size(); }

 private:
  struct DigestHash {
    std::size_t operator()(const crypto::Sha256Digest& digest) const { return hash_of(digest); }
  };
  static std::size_t hash_of(const crypto::Sha256Digest& digest);

  std::string realm_;  // Constant after construction.
  std::unordered_map<crypto::Sha256Digest, std::string, DigestHash> names_;
  std::deque<crypto::Sha256Digest> oldest_first_;
};

}  // namespace porthole::turn
