// A source in virtual time: H.264 always, VP8 while it is wanted, keyframes at intervals and on demand.
#pragma once

#include <array>
#include <functional>

#include "scheduler.hpp"
#include "synthetic_video.hpp"

namespace porthole::sim {

class SyntheticSource {
 public:
  struct Options {
    int frames_per_second = 30;
    std::uint32_t keyframe_interval = 60;  // Frames.
    std::size_t keyframe_bytes = 6000;
    std::size_t frame_bytes = 900;
  };

  SyntheticSource(Scheduler& scheduler, Options options, std::function<void(const EncodedFrame&)> push)
      : options_(options),
        scheduler_(scheduler),
        push_(std::move(push)),
        alarm_(scheduler, [this] { tick(); }) {}

  void start() { alarm_.set(scheduler_.now()); }
  void pause() { alarm_.set(Instant::max()); }

  void request_keyframe(VideoCodec codec) {
    ++rendition(codec).requests;
    rendition(codec).key_next = true;
  }
  void want(VideoCodec codec, bool wanted) {
    if (codec == VideoCodec::h264) return;  // Comes as it is, whether somebody watches or not.
    rendition(codec).starts += wanted && !rendition(codec).wanted ? 1U : 0U;
    rendition(codec).wanted = wanted;
    rendition(codec).key_next = true;
  }

  struct Rendition {
    bool wanted = false;
    bool key_next = true;
    std::uint32_t next_number = 0;
    std::uint32_t last_keyframe = 0;
    std::size_t requests = 0;
    std::size_t starts = 0;  // Of those that are there only while they are wanted.
  };
  Rendition& rendition(VideoCodec codec) { return renditions_[static_cast<std::size_t>(codec)]; }

 private:
  void tick() {
    const Instant now = scheduler_.now();
    for (const VideoCodec codec : {VideoCodec::h264, VideoCodec::vp8}) {
      if (codec == VideoCodec::h264 || rendition(codec).wanted) emit(codec, now);
    }
    alarm_.set(now + Duration(1s) / options_.frames_per_second);
  }

  void emit(VideoCodec codec, Instant now) {
    Rendition& one = rendition(codec);
    const std::uint32_t number = one.next_number++;
    const bool key = one.key_next || number - one.last_keyframe >= options_.keyframe_interval;
    one.key_next = false;
    if (key) one.last_keyframe = number;
    push_(synthetic_frame(codec, number, key, now.time_since_epoch(),
                          key ? options_.keyframe_bytes : options_.frame_bytes));
  }

  Options options_;
  Scheduler& scheduler_;  // Borrowed.
  std::function<void(const EncodedFrame&)> push_;
  Alarm alarm_;
  std::array<Rendition, 2> renditions_;
};

}  // namespace porthole::sim
