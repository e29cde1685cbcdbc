// The second rendition of a broadcast, for viewers without H.264: made only while somebody watches it.
#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "media/decoder.hpp"
#include "media/encoder.hpp"
#include "media/publisher.hpp"
#include "media/scaler.hpp"

namespace porthole::media {

// VP8 costs about half again what H.264 does, so it gets no bigger than this.
constexpr Size kMaxVp8Size{1280, 720};
constexpr int kMaxVp8FramesPerSecond = 30;

// Has a thread of its own, so that a slow VP8 encoder never delays the H.264 rendition; where it cannot keep
// up it leaves pictures out. Idle (no encoder, no decoder) while not wanted.
class Vp8Rendition {
 public:
  explicit Vp8Rendition(Publisher& publisher);
  ~Vp8Rendition();
  Vp8Rendition(const Vp8Rendition&) = delete;
  Vp8Rendition& operator=(const Vp8Rendition&) = delete;

  // From any thread; return at once.
  void want(bool wanted);
  void request_keyframe();

  // From the source's thread. A broadcast that is encoded here offers its pictures (YUV 4:2:0)...
  void offer(const AVFrame& picture, Duration pts, AVRational frame_rate);
  // ... and one that passes through offers its frames. Those since the last keyframe are kept, so that the
  // first VP8 picture need not wait for the next keyframe.
  void offer(std::shared_ptr<const EncodedFrame> frame, AVRational frame_rate);

 private:
  struct Job {
    FramePtr picture;                           // Either this
    std::shared_ptr<const EncodedFrame> frame;  // or this.
    Duration pts{};
    AVRational frame_rate{30, 1};
    bool catch_up = false;  // Only decoded: a later picture is there already.
  };
  class Worker;

  void run();
  void remember(const std::shared_ptr<const EncodedFrame>& frame);

  Publisher& publisher_;  // Outlives this.

  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  bool wanted_ = false;
  bool keyframe_wanted_ = false;
  AVRational frame_rate_{30, 1};
  std::deque<Job> jobs_;
  // The frames since the last H.264 keyframe, and their bytes. Empty where the broadcast is encoded here.
  std::deque<std::shared_ptr<const EncodedFrame>> group_;
  std::size_t group_bytes_ = 0;

  std::thread thread_;
};

}  // namespace porthole::media
