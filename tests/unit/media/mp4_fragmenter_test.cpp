#include "media/mp4_fragmenter.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "base/bytes.hpp"
#include "media/encoder.hpp"

namespace porthole::media {
namespace {

// The payload of the box at this path; empty where there is none.
Bytes box(Bytes bytes, std::initializer_list<std::string_view> path) {
  for (const std::string_view name : path) {
    ByteReader reader(bytes);
    bytes = {};
    while (reader.remaining() >= 8) {
      const std::uint32_t size = reader.u32();
      const bool found = as_text(reader.take(4)) == name;
      const Bytes payload = reader.take(size - 8);
      if (found) bytes = payload;
      if (found) break;
    }
  }
  return bytes;
}

// Of the fragment's first frame, in 90 kHz.
std::uint64_t decode_time(const Fragment& fragment) {
  ByteReader reader(box(fragment.bytes, {"moof", "traf", "tfdt"}));
  const std::uint32_t version = reader.u32() >> 24;
  return version == 1 ? reader.u64() : reader.u32();
}

class Mp4FragmenterTest : public testing::Test {
 protected:
  // As a source delivers them.
  std::shared_ptr<const EncodedFrame> frame(Duration pts, bool keyframe = false) {
    return encoder(640, 360).encode(*picture(640, 360), pts, keyframe);
  }
  std::shared_ptr<const EncodedFrame> larger_keyframe(Duration pts) {
    EncoderSettings settings{1280, 720, {30, 1}, 1'000'000};
    auto made = VideoEncoder::h264(settings);
    return made->encode(*picture(1280, 720), pts, true);
  }

  void begin_anew() { made_ = std::make_unique<Mp4Fragmenter>(); }
  Fragmenter& fragmenter() { return *made_; }

 private:
  VideoEncoder& encoder(int width, int height) {
    if (!encoder_) {
      auto made = VideoEncoder::h264({width, height, {30, 1}, 500'000});
      encoder_.emplace(std::move(*made));
    }
    return *encoder_;
  }
  static FramePtr picture(int width, int height) {
    FramePtr made = make_frame();
    made->width = width;
    made->height = height;
    made->format = AV_PIX_FMT_YUV420P;
    av_frame_get_buffer(made.get(), 0);
    for (int plane = 0; plane < 3; ++plane) {
      const int rows = plane == 0 ? height : height / 2;
      std::memset(made->data[plane], 128, static_cast<std::size_t>(made->linesize[plane] * rows));
    }
    return made;
  }

  std::unique_ptr<Mp4Fragmenter> made_ = std::make_unique<Mp4Fragmenter>();
  std::optional<VideoEncoder> encoder_;
};

TEST_F(Mp4FragmenterTest, BeginsWithAnInitSegmentThatNamesTheStreamsOwnCodec) {
  const auto first = fragmenter().add(*frame(5s, true));
  ASSERT_TRUE(first && first->init);
  EXPECT_THAT(first->init->type, testing::StartsWith("video/mp4; codecs=\"avc1.42c0"));
  EXPECT_FALSE(box(first->init->bytes, {"moov", "mvex"}).empty());
  EXPECT_FALSE(box(first->init->bytes, {"moov", "trak", "mdia", "minf", "stbl", "stsd"}).empty());
  EXPECT_TRUE(box(first->init->bytes, {"moof"}).empty());
  const auto second = fragmenter().add(*frame(5s + 33ms));
  ASSERT_TRUE(second);
  EXPECT_FALSE(second->init);
}

TEST_F(Mp4FragmenterTest, GivesEachFrameAtOnceAsAFragmentOfItsOwn) {
  for (int i = 0; i < 5; ++i) {
    const auto made = frame(i * 33ms, i == 0);
    const auto fragment = fragmenter().add(*made);
    ASSERT_TRUE(fragment);
    EXPECT_EQ(fragment->keyframe, i == 0);
    ByteReader run(box(fragment->bytes, {"moof", "traf", "trun"}));
    run.skip(4);
    EXPECT_EQ(run.u32(), 1U) << "frames in the fragment";
    // Start codes become lengths of as many bytes.
    EXPECT_GE(box(fragment->bytes, {"mdat"}).size() + 4, made->bytes.size());
  }
}

TEST_F(Mp4FragmenterTest, TellsTheFramesOwnTimesHoweverTheyAreSpaced) {
  const Duration times[] = {7s, 7s + 33ms, 7s + 50ms, 9s, 3000s};
  for (const Duration time : times) {
    const auto fragment = fragmenter().add(*frame(time, time == 7s));
    ASSERT_TRUE(fragment);
    const auto since_first = std::chrono::duration_cast<std::chrono::milliseconds>(time - 7s).count();
    EXPECT_EQ(decode_time(*fragment), static_cast<std::uint64_t>(since_first) * 90);
  }
}

// Of the fragment's first frame, in 90 kHz.
std::uint32_t claimed_duration(const Fragment& fragment) {
  ByteReader header(box(fragment.bytes, {"moof", "traf", "tfhd"}));
  const std::uint32_t flags = header.u32();
  header.skip((flags & 0x1) != 0 ? 12 : 4);
  return header.u32();
}

TEST_F(Mp4FragmenterTest, ClaimsThatAFrameLastsLongerThanTheNextOneMayBeLate) {
  for (const Duration time : {0ms, 33ms, 66ms, 100ms}) {
    const auto fragment = fragmenter().add(*frame(time, time == 0ms));
    ASSERT_TRUE(fragment);
    EXPECT_EQ(claimed_duration(*fragment), 18'000U);
    EXPECT_FALSE(fragment->after_gap);
  }
}

TEST_F(Mp4FragmenterTest, TellsOfAGapThatABrowserTakesForANewBeginning) {
  ASSERT_TRUE(fragmenter().add(*frame(0ms, true)));
  EXPECT_FALSE(fragmenter().add(*frame(400ms))->after_gap);
  begin_anew();
  ASSERT_TRUE(fragmenter().add(*frame(0ms, true)));
  EXPECT_TRUE(fragmenter().add(*frame(401ms))->after_gap);
  begin_anew();
  ASSERT_TRUE(fragmenter().add(*frame(0ms, true)));
  EXPECT_FALSE(fragmenter().add(*frame(5s, true))->after_gap) << "a keyframe is a new beginning";
}

TEST_F(Mp4FragmenterTest, SlowPicturesClaimToLastLongerSoThatNoneIsAGap) {
  ASSERT_TRUE(fragmenter().add(*frame(0s, true)));
  fragmenter().add(*frame(1s));
  for (const Duration time : {2s, 3s, 4s}) EXPECT_FALSE(fragmenter().add(*frame(time))->after_gap);
  // And soon no longer, once they come faster.
  std::optional<Fragment> last;
  for (int i = 1; i < 40; ++i) last = fragmenter().add(*frame(4s + i * 33ms));
  EXPECT_EQ(claimed_duration(*last), 18'000U);
}

TEST_F(Mp4FragmenterTest, AfterHoursOfSilenceAllBeginsAnewWithTheNextKeyframe) {
  ASSERT_TRUE(fragmenter().add(*frame(0s, true)));
  EXPECT_FALSE(fragmenter().add(*frame(10h)));
  EXPECT_FALSE(fragmenter().add(*frame(10h + 33ms)));
  const auto next = fragmenter().add(*frame(10h + 66ms, true));
  ASSERT_TRUE(next && next->init);
  EXPECT_EQ(decode_time(*next), 90U * 36'000'066U);
  EXPECT_TRUE(fragmenter().add(*frame(10h + 99ms)));
}

TEST_F(Mp4FragmenterTest, FramesBeforeTheFirstKeyframeAreOfNoUse) {
  const auto keyframe = frame(0s, true);
  const auto delta = frame(33ms);
  EXPECT_FALSE(fragmenter().add(*delta));
  EXPECT_TRUE(fragmenter().add(*keyframe));
  EXPECT_TRUE(fragmenter().add(*delta));
}

TEST_F(Mp4FragmenterTest, WhatIsNoH264IsRefused) {
  EXPECT_FALSE(fragmenter().add({VideoCodec::vp8, true, 0s, {0x10, 2, 1, 7, 7}}));
  EXPECT_FALSE(fragmenter().add({VideoCodec::h264, true, 0s, {}}));
  EXPECT_FALSE(fragmenter().add({VideoCodec::h264, true, 0s, {1, 2, 3, 4}}));
  EXPECT_FALSE(fragmenter().add({VideoCodec::h264, true, 0s, {0, 0, 0, 1, 0x67, 0x42}}));
}

TEST_F(Mp4FragmenterTest, AnotherPictureSizeIsAnotherInitSegmentOnTheSameTimeline) {
  ASSERT_TRUE(fragmenter().add(*frame(0s, true)));
  const auto larger = fragmenter().add(*larger_keyframe(1s));
  ASSERT_TRUE(larger && larger->init);
  EXPECT_EQ(decode_time(*larger), 90'000U);
  // A keyframe with the same parameter sets is none.
  const auto again = fragmenter().add(*larger_keyframe(2s));
  ASSERT_TRUE(again);
  EXPECT_FALSE(again->init);
}

}  // namespace
}  // namespace porthole::media
