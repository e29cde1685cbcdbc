// One timeline for a broadcast whose source loops, jumps and is opened again.
#pragma once

#include <algorithm>
#include <optional>

#include "base/time.hpp"

namespace porthole::media {

class Timeline {
 public:
  // The source's clock starts anew and the next frame follows the last one as frames do: a file's next loop.
  void continue_gapless() { offset_.reset(); }

  // The source's clock starts anew after a pause; the next frame belongs at `now` on the broadcast's
  // timeline, or right after the last frame where that is later.
  void rejoin(Duration now) {
    offset_.reset();
    rejoin_at_ = now;
  }

  // The place of the source's time on the broadcast's timeline. Always later than the one before.
  Duration map(Duration source) {
    const Duration next = last_ ? std::max(*last_ + step_, rejoin_at_) : rejoin_at_;
    if (!offset_) offset_ = next - source;
    Duration mapped = source + *offset_;
    if (last_ && (mapped > next + kMaxJump || mapped + kMaxJump < next)) {  // A jump in the source's clock.
      mapped = next;
      offset_ = next - source;
    }
    if (last_) mapped = std::max(mapped, *last_ + kMinStep);
    if (last_) step_ = std::clamp(mapped - *last_, kMinStep, kMaxStep);
    last_ = mapped;
    rejoin_at_ = Duration{};
    return mapped;
  }

 private:
  // Cameras that lose frames leave gaps of seconds, and those are true; anything longer is a new clock.
  static constexpr Duration kMaxJump = 10s;
  static constexpr Duration kMinStep = 1ms;
  static constexpr Duration kMaxStep = 1s;

  std::optional<Duration> offset_;  // Added to the source's time.
  std::optional<Duration> last_;
  Duration step_ = 33ms;  // Between the last two frames.
  Duration rejoin_at_{};
};

}  // namespace porthole::media
