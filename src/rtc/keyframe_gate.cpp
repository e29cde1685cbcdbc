#include "rtc/keyframe_gate.hpp"

#include <algorithm>

namespace porthole::rtc {

void KeyframeGate::request(Instant now, Urgency urgency) {
  const Duration interval = urgency == Urgency::prompt ? kKeyframeInterval : kPatientInterval;
  due_ = std::min(due_, last_ ? std::max(now, *last_ + interval) : now);
}

void KeyframeGate::handle_keyframe(Instant now) {
  due_ = Instant::max();
  last_ = now;
}

bool KeyframeGate::poll_request(Instant now) {
  if (due_ > now) return false;
  due_ = Instant::max();
  last_ = now;
  return true;
}

}  // namespace porthole::rtc
