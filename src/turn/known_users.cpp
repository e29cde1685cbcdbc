#include "turn/known_users.hpp"

#include <algorithm>

#include "base/address.hpp"
#include "turn/limits.hpp"

namespace porthole::turn {

std::size_t KnownUsers::hash_of(const crypto::Sha256Digest& digest) {
  return hash_bytes(digest);
}

void KnownUsers::remember(std::string_view username) {
  const auto digest = crypto::sha256({as_bytes(username), as_bytes(":"), as_bytes(realm_)});
  if (!names_.emplace(digest, username).second) return;
  oldest_first_.push_back(digest);
  if (oldest_first_.size() <= kMaxKnownUsers) return;
  names_.erase(oldest_first_.front());
  oldest_first_.pop_front();
}

std::optional<std::string_view> KnownUsers::find(Bytes userhash) const {
  crypto::Sha256Digest digest{};
  if (userhash.size() != digest.size()) return std::nullopt;
  std::ranges::copy(userhash, digest.begin());
  const auto found = names_.find(digest);
  return found == names_.end() ? std::nullopt : std::optional<std::string_view>(found->second);
}

}  // namespace porthole::turn
