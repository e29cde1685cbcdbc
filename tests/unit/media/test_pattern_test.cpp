#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <thread>

#include "media/decoder.hpp"
#include "media/encoder.hpp"
#include "media/h264_bitstream.hpp"
#include "media/picture_code.hpp"
#include "media/source.hpp"
#include "media/test_picture.hpp"
#include "unit/media/collecting_sink.hpp"

namespace porthole::media {
namespace {

using test::CollectingSink;

// Three seconds of the test pattern, faster than real time.
CollectingSink::Frames three_seconds() {
  TestPicture picture;
  auto encoder = VideoEncoder::h264(
      {kPatternWidth, kPatternHeight, {30, 1}, bitrate_for(kPatternWidth, kPatternHeight, {30, 1})});
  CollectingSink::Frames frames;
  for (std::uint32_t number = 0; number < 90; ++number) {
    const AVFrame& drawn = picture.draw({number, 1'766'412'345'678U + number * 33});
    frames.push_back(encoder->encode(drawn, Duration(number), false));
  }
  return frames;
}

TEST(TestPattern, TakesAboutTwoAndAHalfMegabitsPerSecond) {
  std::size_t bytes = 0;
  for (const auto& frame : three_seconds()) bytes += frame->bytes.size();
  const double megabits_per_second = static_cast<double>(bytes) * 8 / 3 / 1e6;
  EXPECT_GT(megabits_per_second, 2.0);
  EXPECT_LT(megabits_per_second, 3.0);
}

TEST(TestPattern, HasAKeyframeEveryTwoSecondsWithItsParameterSets) {
  const auto frames = three_seconds();
  for (std::size_t i = 0; i < frames.size(); ++i) {
    const AccessUnit unit = inspect(frames[i]->bytes);
    EXPECT_EQ(unit.idr, i % 60 == 0) << i;
    EXPECT_EQ(frames[i]->keyframe, unit.idr) << i;
    EXPECT_EQ(unit.has_sps && unit.has_pps, unit.idr) << i;
    EXPECT_FALSE(unit.has_b_slice) << i;
  }
}

TEST(TestPattern, NoFrameIsABurst) {
  for (const auto& frame : three_seconds()) {
    EXPECT_LT(frame->bytes.size() * 8, 2'500'000 / 30 * 7) << frame->pts.count();
  }
}

TEST(TestPattern, IsConstrainedBaselineThatNoDecoderHoldsBack) {
  const auto frames = three_seconds();
  NalReader reader(frames[0]->bytes);
  auto nal = reader.next();
  while (nal && nal_type(*nal) != NalType::sps) nal = reader.next();
  ASSERT_TRUE(nal);
  EXPECT_EQ((*nal)[1], 66);             // profile_idc: baseline
  EXPECT_EQ((*nal)[2] & 0x40, 0x40);    // constraint_set1_flag: constrained
  auto decoder = Decoder::open_h264();  // Low delay; a picture comes out for each that goes in.
  ASSERT_TRUE(decoder.ok());
  for (const auto& frame : frames) {
    int pictures = 0;
    decoder->decode(Bytes(frame->bytes), [&](const AVFrame&) { ++pictures; });
    ASSERT_EQ(pictures, 1);
  }
}

TEST(TestPattern, APictureThatSomebodyHoldsIsNotDrawnOver) {
  TestPicture picture;
  const FramePtr held = make_frame();
  ASSERT_EQ(av_frame_ref(held.get(), &picture.draw({1, 1000})), 0);
  picture.draw({2, 2000});
  const LumaPlane plane{held->data[0], held->linesize[0], held->width, held->height};
  EXPECT_EQ(read_picture_code(plane), (PictureCode{1, 1000}));
}

TEST(TestPatternSource, RunsInRealTimeAndReportsThatItIsLive) {
  CollectingSink sink;
  const auto source = open_source("test-pattern:", sink, {.name = "demo"});
  ASSERT_TRUE(source.ok());
  ASSERT_TRUE(sink.wait_for_frames(VideoCodec::h264, 1));
  const auto began = std::chrono::steady_clock::now();
  const std::size_t first = sink.frames(VideoCodec::h264).size();
  ASSERT_TRUE(sink.wait_for_frames(VideoCodec::h264, first + 45));
  const Duration took = std::chrono::steady_clock::now() - began;
  EXPECT_EQ(sink.status().state, SourceStatus::State::live);
  const auto frames = sink.frames(VideoCodec::h264);
  EXPECT_TRUE(frames[0]->keyframe);
  EXPECT_TRUE(
      std::ranges::is_sorted(frames, std::less_equal{}, [](const auto& frame) { return frame->pts; }));
}

TEST(TestPatternSource, AnswersARequestWithAKeyframe) {
  CollectingSink sink;
  const auto source = open_source("test-pattern:", sink);
  ASSERT_TRUE(source.ok());
  ASSERT_TRUE(sink.wait_for_frames(VideoCodec::h264, 5));
  (*source)->request_keyframe(VideoCodec::h264);
  ASSERT_TRUE(sink.wait_for_frames(VideoCodec::h264, sink.frames(VideoCodec::h264).size() + 4));
  const auto frames = sink.frames(VideoCodec::h264);
  const auto keyframes = std::ranges::count_if(frames, [](const auto& frame) { return frame->keyframe; });
  EXPECT_EQ(keyframes, 2);
}

TEST(TestPatternSource, MakesVp8OnlyWhileItIsWanted) {
  CollectingSink sink;
  const auto source = open_source("test-pattern:", sink);
  ASSERT_TRUE(source.ok());
  ASSERT_TRUE(sink.wait_for_frames(VideoCodec::h264, 5));
  EXPECT_TRUE(sink.frames(VideoCodec::vp8).empty());

  (*source)->want_vp8(true);
  ASSERT_TRUE(sink.wait_for_frames(VideoCodec::vp8, 5));
  EXPECT_TRUE(sink.frames(VideoCodec::vp8)[0]->keyframe);

  (*source)->want_vp8(false);
  // One picture may still be in the encoder.
  ASSERT_TRUE(sink.wait_for_frames(VideoCodec::h264, sink.frames(VideoCodec::h264).size() + 5));
  const std::size_t stopped_at = sink.frames(VideoCodec::vp8).size();
  ASSERT_TRUE(sink.wait_for_frames(VideoCodec::h264, sink.frames(VideoCodec::h264).size() + 5));
  EXPECT_EQ(sink.frames(VideoCodec::vp8).size(), stopped_at);

  (*source)->want_vp8(true);
  ASSERT_TRUE(sink.wait_for_frames(VideoCodec::vp8, stopped_at + 1));
  EXPECT_TRUE(sink.frames(VideoCodec::vp8)[stopped_at]->keyframe);
  (*source)->request_keyframe(VideoCodec::vp8);
  ASSERT_TRUE(sink.wait_for_frames(VideoCodec::vp8, stopped_at + 8));
  const auto frames = sink.frames(VideoCodec::vp8);
  EXPECT_GE(std::count_if(frames.begin() + static_cast<std::ptrdiff_t>(stopped_at), frames.end(),
                          [](const auto& frame) { return frame->keyframe; }),
            2);
}

}  // namespace
}  // namespace porthole::media
