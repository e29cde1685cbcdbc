#include "node/broadcast.hpp"

#include <algorithm>

#include "node/viewer.hpp"
#include "rtc/h264.hpp"

namespace porthole::node {

rtc::FramePtr Rendition::add(const EncodedFrame& frame, Instant now) {
  rtc::FramePtr packetized = frame.codec == VideoCodec::h264 ? h264_.packetize(frame) : vp8_.packetize(frame);
  if (packetized == nullptr) return nullptr;
  if (packetized->keyframe) gate_.handle_keyframe(now);
  cache_.add(packetized);
  for (Viewer* viewer : viewers_) {
    if (viewer->enqueue(packetized, now) == rtc::SendStream::Enqueued::keyframe_wanted) {
      gate_.request(now, viewer->urgency(now));
    }
  }
  return packetized;
}

void Rendition::feed(Viewer& viewer, Instant now) {
  take_up(viewer, viewer.enqueue_cached(cache_.frames(), now), now);
}

void Rendition::resume(Viewer& viewer, Instant now) {
  take_up(viewer, viewer.resume(cache_.frames(), now), now);
}

void Rendition::take_up(Viewer& viewer, rtc::SendStream::Enqueued enqueued, Instant now) {
  viewers_.push_back(&viewer);
  if (enqueued == rtc::SendStream::Enqueued::keyframe_wanted) gate_.request(now);
}

void Rendition::leave(Viewer& viewer) {
  forgo();
  stop_feeding(viewer);
}

bool Broadcast::push(const EncodedFrame& frame, Instant now) {
  if (frame.codec == VideoCodec::h264 && frame.keyframe) {
    if (auto profile = rtc::h264::profile_level_id(frame.bytes)) profile_level_id_ = std::move(*profile);
  }
  return rendition(frame.codec).add(frame, now) != nullptr;
}

}  // namespace porthole::node
