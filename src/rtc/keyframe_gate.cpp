#include "rtc/keyframe_gate.hpp"

#include <algorithm>

namespace porthole::rtc {

void KeyframeGate::request(Instant now) {
  due_ = std::min(due_, std::max(now, closed_until_));
}

void KeyframeGate::handle_keyframe(Instant now) {
  due_ = Instant::max();
  closed_until_ = now + kKeyframeInterval;
}

bool KeyframeGate::poll_request(Instant now) {
  if (due_ > now) return false;
  due_ = Instant::max();
  closed_until_ = now + kKeyframeInterval;
  return true;
}

}  // namespace porthole::rtc
