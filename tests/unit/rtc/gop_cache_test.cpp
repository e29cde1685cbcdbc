#include "rtc/gop_cache.hpp"

#include <gtest/gtest.h>

#include "unit/rtc/frames.hpp"

namespace porthole::rtc {
namespace {

using test::raw_frame;

TEST(GopCache, BeginsWithAKeyframe) {
  GopCache cache;
  cache.add(raw_frame(false, 0ms));
  EXPECT_TRUE(cache.frames().empty());
  cache.add(raw_frame(true, 33ms));
  cache.add(raw_frame(false, 66ms));
  ASSERT_EQ(cache.frames().size(), 2U);
  EXPECT_TRUE(cache.frames()[0]->keyframe);
  EXPECT_EQ(cache.frames()[1]->pts, 66ms);
  EXPECT_EQ(cache.bytes(), 2000U);
}

TEST(GopCache, AKeyframeReplacesWhatCameBefore) {
  GopCache cache;
  const FramePtr first = raw_frame(true, 0ms);
  cache.add(first);
  cache.add(raw_frame(false, 33ms));
  cache.add(raw_frame(true, 66ms, 3));
  ASSERT_EQ(cache.frames().size(), 1U);
  EXPECT_EQ(cache.frames()[0]->pts, 66ms);
  EXPECT_EQ(cache.bytes(), 3000U);
  EXPECT_EQ(first.use_count(), 1) << "the old frame is let go";
}

TEST(GopCache, TooManyFramesEmptyItUntilTheNextKeyframe) {
  GopCache cache;
  cache.add(raw_frame(true, 0ms, 1, 10));
  for (std::size_t i = 1; i < kMaxGopFrames; ++i) cache.add(raw_frame(false, 1ms, 1, 10));
  EXPECT_EQ(cache.frames().size(), kMaxGopFrames);
  cache.add(raw_frame(false, 1ms, 1, 10));
  EXPECT_TRUE(cache.frames().empty());
  cache.add(raw_frame(false, 1ms, 1, 10));
  EXPECT_TRUE(cache.frames().empty()) << "a frame from the middle is no start";
  EXPECT_EQ(cache.bytes(), 0U);
  cache.add(raw_frame(true, 1ms, 1, 10));
  EXPECT_EQ(cache.frames().size(), 1U);
}

TEST(GopCache, TooManyBytesEmptyItUntilTheNextKeyframe) {
  GopCache cache;
  cache.add(raw_frame(true, 0ms, 4000));
  cache.add(raw_frame(false, 1ms, 4000));
  EXPECT_EQ(cache.bytes(), kMaxGopBytes);
  cache.add(raw_frame(false, 2ms, 1, 1));
  EXPECT_TRUE(cache.frames().empty());
}

TEST(GopCache, ClearForgetsTheKeyframeToo) {
  GopCache cache;
  cache.add(raw_frame(true, 0ms));
  cache.clear();
  cache.add(raw_frame(false, 1ms));
  EXPECT_TRUE(cache.frames().empty());
}

}  // namespace
}  // namespace porthole::rtc
