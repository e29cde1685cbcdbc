#include "turn/challenge_limiter.hpp"

#include <algorithm>

namespace porthole::turn {
namespace {

constexpr Duration kCost = Duration(1s) / kChallengesPerSecond;
constexpr Duration kBurst = kCost * kChallengeBurst;

}  // namespace

bool ChallengeLimiter::allow(const SocketAddress& source, Instant now) {
  Bucket& bucket = buckets_[std::hash<SocketAddress>{}(source) % buckets_.size()];
  if (bucket.source != source) bucket = {source, now - kBurst};
  const Instant from = std::max(bucket.counted_until, now - kBurst);
  if (from + kCost > now) return false;
  bucket.counted_until = from + kCost;
  return true;
}

}  // namespace porthole::turn
