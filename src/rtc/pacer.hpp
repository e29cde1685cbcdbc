// When a viewer's next burst may leave: no burst is longer than a last link swallows, no frame later than
// need be.
#pragma once

#include <algorithm>
#include <cstddef>

#include "base/time.hpp"

namespace porthole::rtc {

// 100 Mbit/s is what most last links carry.
constexpr std::int64_t kPacedBitsPerSecond = 100'000'000;
// What that carries in a few milliseconds fits every buffer on the way, and is still more than thirty packets
// for one system call.
constexpr Duration kBurstTime = 3ms;
constexpr std::size_t kMaxBurst = kPacedBitsPerSecond / 8 * kBurstTime.count() / Duration::period::den;

// For datagrams; a connection takes what its path carries, and says when that is enough.
class Pacer {
 public:
  // How many bytes may leave now. 0 until next_timeout(): a small rest of a burst is not worth a system call.
  std::size_t allowance(Instant now) const {
    if (now >= free_at_) return kMaxBurst;
    return rest_ >= kMaxBurst / 2 ? rest_ : 0;
  }

  // So many bytes left. `behind` more belong to the same frame, and all of it should have left by `due`
  // (Instant::max() where it need not): a frame that 100 Mbit/s would make late goes faster, evenly.
  void handle_sent(std::size_t bytes, std::size_t behind, Instant due, Instant now) {
    if (now >= free_at_) {
      free_at_ = now;
      rest_ = kMaxBurst;
    }
    rest_ -= std::min(bytes, rest_);
    const auto sent = static_cast<std::int64_t>(bytes);
    Duration carried(sent * 8 * Duration::period::den / kPacedBitsPerSecond);
    if (behind > 0 && due != Instant::max()) {
      const Duration left = std::max(due - now, Duration{});
      carried = std::min(carried, left * sent / (sent + static_cast<std::int64_t>(behind)));
    }
    free_at_ += carried;
  }

  // When a whole burst may leave.
  Instant next_timeout() const { return free_at_; }

 private:
  Instant free_at_{};     // By then everything that left has been carried.
  std::size_t rest_ = 0;  // Bytes that may leave before.
};

}  // namespace porthole::rtc
