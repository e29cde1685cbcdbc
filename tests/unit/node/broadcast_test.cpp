#include "node/broadcast.hpp"

#include "node/viewer.hpp"
#include "node_fixture.hpp"

namespace porthole::node {
namespace {

EncodedFrame h264(bool keyframe, Duration pts) {
  EncodedFrame frame{VideoCodec::h264, keyframe, pts, {}};
  const auto add = [&frame](std::initializer_list<std::uint8_t> unit) {
    frame.bytes.insert(frame.bytes.end(), {0, 0, 0, 1});
    frame.bytes.insert(frame.bytes.end(), unit);
  };
  if (keyframe) {
    add({0x67, 0x4d, 0x00, 0x28, 0x95, 0xa0});
    add({0x68, 0xce, 0x3c, 0x80});
  }
  add({static_cast<std::uint8_t>(keyframe ? 0x65 : 0x61), 1, 2, 3, 4, 5});
  return frame;
}

EncodedFrame vp8(bool keyframe, Duration pts) {
  return {VideoCodec::vp8, keyframe, pts, {static_cast<std::uint8_t>(keyframe ? 0x10 : 0x11), 2, 1, 7, 7}};
}

class BroadcastTest : public testing::Test {
 protected:
  std::unique_ptr<Viewer> viewer(VideoCodec codec) {
    Viewer::Setup setup{ViewerId{++viewers},
                        "session",
                        broadcast,
                        {},
                        codec,
                        {"ufrag", "password"},
                        std::make_unique<test::IdleDtls>(),
                        {}};
    auto made = std::make_unique<Viewer>(std::move(setup), random, now);
    broadcast.rendition(codec).expect();
    return made;
  }
  bool wants_keyframe(VideoCodec codec) { return broadcast.rendition(codec).gate().poll_request(now); }

  porthole::test::SeededRandom random{1};
  Instant now{std::chrono::hours(1)};
  Broadcast broadcast{"cam"};
  std::uint64_t viewers = 0;
};

TEST_F(BroadcastTest, TakesItsProfileFromTheSourcesOwnParameterSets) {
  EXPECT_EQ(broadcast.profile_level_id(), "");
  broadcast.push(h264(true, 0s), now);
  EXPECT_EQ(broadcast.profile_level_id(), "4d0028");
  broadcast.push(h264(false, 33ms), now);
  EXPECT_EQ(broadcast.profile_level_id(), "4d0028");
}

TEST_F(BroadcastTest, FramesThatNoDecoderCouldUseAreRefused) {
  EXPECT_FALSE(broadcast.push({VideoCodec::h264, true, 0s, {}}, now));
  EXPECT_FALSE(broadcast.push({VideoCodec::h264, true, 0s, {1, 2, 3, 4}}, now));
  EXPECT_FALSE(broadcast.push({VideoCodec::vp8, true, 0s, {}}, now));
}

TEST_F(BroadcastTest, WhoJoinsInMidGopNeedsNoKeyframe) {
  broadcast.push(h264(true, 0s), now);
  broadcast.push(h264(false, 33ms), now);
  const auto joined = viewer(VideoCodec::h264);
  broadcast.rendition(VideoCodec::h264).feed(*joined, now);
  now += 1s;
  EXPECT_FALSE(wants_keyframe(VideoCodec::h264));
  EXPECT_EQ(broadcast.rendition(VideoCodec::h264).viewers().size(), 1U);
}

TEST_F(BroadcastTest, WhoJoinsWithNothingToStartFromAsksForAKeyframeOfItsOwnCodec) {
  broadcast.push(h264(true, 0s), now);
  const auto joined = viewer(VideoCodec::vp8);
  broadcast.rendition(VideoCodec::vp8).feed(*joined, now);
  EXPECT_TRUE(wants_keyframe(VideoCodec::vp8));
  now += 1s;
  EXPECT_FALSE(wants_keyframe(VideoCodec::h264));
  // The answer to it settles the matter.
  broadcast.rendition(VideoCodec::vp8).gate().request(now);
  broadcast.push(vp8(true, 1s), now);
  now += 1s;
  EXPECT_FALSE(wants_keyframe(VideoCodec::vp8));
}

TEST_F(BroadcastTest, AFrameThatCannotBeDecodedAsksForAKeyframe) {
  const auto joined = viewer(VideoCodec::vp8);
  broadcast.rendition(VideoCodec::vp8).feed(*joined, now);
  EXPECT_TRUE(wants_keyframe(VideoCodec::vp8));
  now += 1s;
  broadcast.push(vp8(false, 1s), now);
  EXPECT_TRUE(wants_keyframe(VideoCodec::vp8));
}

TEST_F(BroadcastTest, ForgottenFramesAreShownToNobody) {
  broadcast.push(vp8(true, 0s), now);
  broadcast.rendition(VideoCodec::vp8).forget_frames();
  now += 1s;
  const auto joined = viewer(VideoCodec::vp8);
  broadcast.rendition(VideoCodec::vp8).feed(*joined, now);
  EXPECT_TRUE(wants_keyframe(VideoCodec::vp8));
}

TEST_F(BroadcastTest, ARenditionIsExpectedUntilTheLastHasLeft) {
  Rendition& rendition = broadcast.rendition(VideoCodec::vp8);
  EXPECT_FALSE(rendition.is_expected());
  const auto one = viewer(VideoCodec::vp8);
  const auto other = viewer(VideoCodec::vp8);
  rendition.feed(*one, now);
  rendition.leave(*one);
  EXPECT_TRUE(rendition.is_expected());
  EXPECT_TRUE(rendition.viewers().empty());
  rendition.leave(*other);  // It was never fed.
  EXPECT_FALSE(rendition.is_expected());
}

}  // namespace
}  // namespace porthole::node
