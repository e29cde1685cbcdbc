#include "base/source_limiter.hpp"

#include <algorithm>

namespace porthole {

bool SourceLimiter::allow(const SocketAddress& source, Instant now) {
  Bucket& bucket = buckets_[std::hash<SocketAddress>{}(source) % buckets_.size()];
  const Duration burst = cost_ * burst_;
  if (bucket.source != source) bucket = {source, now - burst};
  const Instant from = std::max(bucket.counted_until, now - burst);
  if (from + cost_ > now) return false;
  bucket.counted_until = from + cost_;
  return true;
}

}  // namespace porthole
