// The built-in test pattern as a live source.
#pragma once

#include <atomic>
#include <optional>
#include <stop_token>
#include <thread>

#include "media/encoder.hpp"
#include "media/publisher.hpp"
#include "media/source.hpp"
#include "media/vp8_rendition.hpp"

namespace porthole::media {

class TestPatternSource final : public Source {
 public:
  static Result<std::unique_ptr<Source>, std::string> open(FrameSink& sink);
  ~TestPatternSource() override;

  void request_keyframe(VideoCodec codec) override;
  void want_vp8(bool wanted) override { vp8_.want(wanted); }

 private:
  TestPatternSource(FrameSink& sink, VideoEncoder encoder);
  void run(const std::stop_token& stop);

  Publisher publisher_;
  Vp8Rendition vp8_;
  VideoEncoder encoder_;  // Used by the thread alone.
  std::atomic<bool> keyframe_wanted_ = false;
  std::jthread thread_;
};

}  // namespace porthole::media
