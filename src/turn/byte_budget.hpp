// Bytes that may pass in one direction: a bucket that fills with time.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "base/time.hpp"
#include "turn/limits.hpp"

namespace porthole::turn {

class ByteBudget {
 public:
  // Whether `bytes` more may pass now, at `bytes_per_second` (0: whatever comes). What may not pass costs
  // nothing. A full bucket lets through even what is larger, so that a low rate is slow and not silent.
  bool take(std::size_t bytes, std::uint64_t bytes_per_second, Instant now) {
    if (bytes_per_second == 0) return true;
    // The time at which what has passed would have passed at the full rate: a bucket in one number.
    const Instant from = std::max(full_until_, now - kRelayBurst);
    const auto cost = Duration(static_cast<std::int64_t>(bytes * 1'000'000'000ULL / bytes_per_second));
    if (from + cost > now && from > now - kRelayBurst) return false;
    full_until_ = from + cost;
    return true;
  }

 private:
  Instant full_until_{};
};

}  // namespace porthole::turn
