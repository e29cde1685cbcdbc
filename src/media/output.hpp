// The last stage of every path through a source: in its time, onto the timeline, to the sink.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "media/pacer.hpp"
#include "media/publisher.hpp"
#include "media/timeline.hpp"
#include "media/vp8_rendition.hpp"

namespace porthole::media {

// Everything is borrowed from the source and outlives this.
struct Output {
  Publisher& publisher;
  Vp8Rendition& vp8;
  Timeline& timeline;
  std::atomic<bool>& keyframe_wanted;  // Somebody asked for an H.264 keyframe.
  std::optional<Pacer> pacer;          // Not set for what arrives in real time.
  std::string description;             // Of the picture, for the status.
  std::uint64_t frames = 0;            // Delivered so far.

  // Whether the moment of `pts` has long gone: this machine does not keep up.
  bool is_late(Duration pts) const { return pacer && pacer->is_late(pts); }

  // Waits for the moment of `pts`; false when the source is to stop.
  bool wait_for(Duration pts) { return !pacer || pacer->wait_for(pts); }

  void deliver(std::shared_ptr<const EncodedFrame> frame) {
    publisher.publish(std::move(frame));
    ++frames;
    publisher.report({SourceStatus::State::live, description});
  }
};

}  // namespace porthole::media
