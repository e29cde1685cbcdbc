#include "media/test_pattern_source.hpp"

#include "media/pacer.hpp"
#include "media/test_picture.hpp"

namespace porthole::media {
namespace {

constexpr AVRational kFrameRate{kPatternFramesPerSecond, 1};

// Later than this, pictures are left out rather than sent in a burst.
constexpr Duration kMaxLateness = 100ms;

std::uint64_t unix_milliseconds() {
  const auto since_1970 = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(since_1970).count());
}

}  // namespace

Result<std::unique_ptr<Source>, std::string> TestPatternSource::open(FrameSink& sink) {
  auto encoder = VideoEncoder::h264(
      {kPatternWidth, kPatternHeight, kFrameRate, bitrate_for(kPatternWidth, kPatternHeight, kFrameRate)});
  if (!encoder) return fail(encoder.error());
  return std::unique_ptr<Source>(new TestPatternSource(sink, std::move(*encoder)));
}

TestPatternSource::TestPatternSource(FrameSink& sink, VideoEncoder encoder)
    : publisher_(sink),
      vp8_(publisher_),
      encoder_(std::move(encoder)),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

TestPatternSource::~TestPatternSource() {
  thread_.request_stop();
  thread_.join();
}

void TestPatternSource::request_keyframe(VideoCodec codec) {
  if (codec == VideoCodec::vp8) return vp8_.request_keyframe();
  keyframe_wanted_ = true;
}

void TestPatternSource::run(const std::stop_token& stop) {
  publisher_.report({SourceStatus::State::starting, "drawing the test pattern"});
  TestPicture picture;
  const SteadyTime start = std::chrono::steady_clock::now();
  std::int64_t slot = 0;  // Which thirtieth of a second since the start.
  for (std::uint32_t number = 0; !stop.stop_requested(); ++number, ++slot) {
    const Duration late = std::chrono::steady_clock::now() - start - to_duration(slot, av_inv_q(kFrameRate));
    if (late > kMaxLateness) slot += late / frame_interval(kFrameRate);
    const Duration pts = to_duration(slot, av_inv_q(kFrameRate));
    if (!sleep_until(start + pts, stop)) return;
    const AVFrame& frame = picture.draw({number, unix_milliseconds()});
    auto encoded = encoder_.encode(frame, pts, keyframe_wanted_.exchange(false));
    if (encoded) publisher_.publish(std::move(encoded));
    vp8_.offer(frame, pts, kFrameRate);
    publisher_.report({SourceStatus::State::live, "1280x720 at 30 frames/s, test pattern"});
  }
}

}  // namespace porthole::media
