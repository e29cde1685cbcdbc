#include "rtc/gop_cache.hpp"

#include <utility>

namespace porthole::rtc {

void GopCache::add(FramePtr frame) {
  if (frame->keyframe) {
    clear();
  } else if (frames_.empty()) {
    return;
  }
  bytes_ += frame->bytes.size();
  frames_.push_back(std::move(frame));
  if (bytes_ > kMaxGopBytes || frames_.size() > kMaxGopFrames) clear();
}

void GopCache::clear() {
  frames_.clear();
  bytes_ = 0;
}

}  // namespace porthole::rtc
