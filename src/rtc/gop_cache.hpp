// The frames since the last keyframe, so that a new viewer starts at once.
#pragma once

#include <span>
#include <vector>

#include "rtc/packetized_frame.hpp"

namespace porthole::rtc {

// Beyond these the cache is emptied until the next keyframe: replaying that much would take longer than
// asking the source for a keyframe. 600 frames are 20 s at 30 frames/s, twice the usual longest interval.
constexpr std::size_t kMaxGopBytes = 8'000'000;
constexpr std::size_t kMaxGopFrames = 600;

class GopCache {
 public:
  // A keyframe replaces what there is. Other frames are added behind it, or ignored while there is none.
  void add(FramePtr frame);
  // After a break in the frames, when later ones no longer refer to those that are here.
  void clear();

  // A keyframe and all that follows it, oldest first; empty while there is nothing to start from.
  std::span<const FramePtr> frames() const { return frames_; }
  std::size_t bytes() const { return bytes_; }

 private:
  std::vector<FramePtr> frames_;
  std::size_t bytes_ = 0;
};

}  // namespace porthole::rtc
