// How much of something each source gets: of challenges, since an answer to a forged request
// hits the one who was forged, or of what costs us time.
#pragma once

#include <cstdint>
#include <vector>

#include "base/address.hpp"
#include "base/time.hpp"

namespace porthole {

// Sources that are counted at the same time. Another one takes the place of whoever had it, with a full burst
// of its own, so that nobody is locked out by what others do.
constexpr std::size_t kLimitedSources = 4096;

// A table of fixed size. Two sources that fall on one place push each other out and begin anew, which favours
// both: nobody is locked out by what others do.
class SourceLimiter {
 public:
  // So many at once, and each second from then on.
  SourceLimiter(std::uint32_t burst, std::uint32_t per_second)
      : cost_(Duration(1s) / per_second), burst_(burst), buckets_(kLimitedSources) {}

  // Whether one more may go to that source now; it is counted if so.
  bool allow(const SocketAddress& source, Instant now);

 private:
  struct Bucket {
    SocketAddress source;
    Instant counted_until{};  // As in ByteBudget: where what the source got ends at the lasting rate.
  };

  // Constant after construction.
  const Duration cost_;
  const std::uint32_t burst_;

  std::vector<Bucket> buckets_;
};

}  // namespace porthole
