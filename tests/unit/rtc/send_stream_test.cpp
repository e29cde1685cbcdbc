#include "rtc/send_stream.hpp"

#include <gtest/gtest.h>

#include "rtc/gop_cache.hpp"
#include "unit/rtc/stream_fixture.hpp"

namespace porthole::rtc {
namespace {

using test::Received;

class SendingStream : public test::StreamFixture {};

std::uint16_t after(const Received& packet) {
  return static_cast<std::uint16_t>(packet.header.sequence + 1);
}

TEST_F(SendingStream, IsSilentUntilThereIsAFrame) {
  std::array<std::uint8_t, kMaxRtpPacket> space{};
  EXPECT_EQ(stream_.next_size(), 0U);
  EXPECT_EQ(stream_.write_next(space, now_).size(), 0U);
  EXPECT_EQ(stream_.next_timeout(), Instant::max());
}

TEST_F(SendingStream, WritesEachPayloadBehindItsHeader) {
  EXPECT_EQ(enqueue(true, 3), Enqueued::accepted);
  const auto packets = receive_all();
  ASSERT_EQ(packets.size(), 3U);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(packets[i].header.ssrc, kSsrc);
    EXPECT_EQ(packets[i].header.payload_type, kPayloadType);
    EXPECT_EQ(packets[i].header.marker, i == 2) << "on the last packet of a frame only";
    EXPECT_EQ(packets[i].header.timestamp, packets[0].header.timestamp);
    EXPECT_EQ(packets[i].payload, test::Buffer(1000, static_cast<std::uint8_t>(i)));
  }
}

TEST_F(SendingStream, BeginsInTheLowerHalfOfTheSequenceNumbers) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    stream_ = make(config(), seed);
    enqueue(true);
    EXPECT_LT(receive().header.sequence, 0x8000);
  }
}

TEST_F(SendingStream, IsNumberedDifferentlyForEachViewer) {
  enqueue(true);
  const Received one = receive();
  stream_ = make(config(), 2);
  enqueue(true);
  const Received other = receive();
  EXPECT_NE(one.header.sequence, other.header.sequence);
  EXPECT_NE(one.header.timestamp, other.header.timestamp);
}

TEST_F(SendingStream, TooLittleRoomWritesNothingAndLosesNothing) {
  enqueue(true);
  std::array<std::uint8_t, kMaxRtpPacket> space{};
  const std::size_t size = stream_.next_size();
  EXPECT_EQ(stream_.write_next(std::span(space).first(size - 1), now_).size(), 0U);
  EXPECT_EQ(stream_.write_next(std::span(space).first(size), now_).size(), size);
}

TEST_F(SendingStream, TimestampsFollowTheTimelineAtNinetyKilohertz) {
  enqueue(true);
  const std::uint32_t first = receive().header.timestamp;
  enqueue();
  EXPECT_EQ(receive().header.timestamp - first, 33U * 90);
  pts_ += 10h;  // A source that was away: more than half of the 32-bit circle.
  enqueue();
  const auto ticks = static_cast<std::uint32_t>((10LL * 3600 * 1000 + 66) * 90);
  EXPECT_EQ(receive().header.timestamp - first, ticks);
}

TEST_F(SendingStream, TimestampsNeverStandStill) {
  enqueue(true);
  const std::uint32_t first = receive().header.timestamp;
  (void)stream_.enqueue(test::raw_frame(false, pts_), now_);
  EXPECT_EQ(receive().header.timestamp - first, 1U);
  (void)stream_.enqueue(test::raw_frame(false, pts_ - 5s), now_);
  EXPECT_EQ(receive().header.timestamp - first, 2U);
}

TEST_F(SendingStream, PlayoutDelayGoesWithEveryFrameUntilAReportAndThenWithKeyframes) {
  enqueue(true, 2);
  enqueue(false, 2);
  for (const Received& packet : receive_all()) EXPECT_EQ(packet.playout_delay, test::Buffer(3, 0));
  receiver_report({.ssrc = kSsrc});
  enqueue(false, 2);
  for (const Received& packet : receive_all()) EXPECT_FALSE(packet.playout_delay);
  enqueue(true, 2);
  for (const Received& packet : receive_all()) EXPECT_TRUE(packet.playout_delay);
}

TEST_F(SendingStream, AReportInTheMiddleOfAFrameLeavesItsPacketsAlike) {
  enqueue(true);
  enqueue(false, 4);
  receive();
  const std::size_t size = receive().size;
  receiver_report({.ssrc = kSsrc});
  for (const Received& packet : receive_all()) EXPECT_EQ(packet.size, size);
}

TEST_F(SendingStream, PlayoutDelayIsLeftOutWhereItWasNotNegotiated) {
  for (const std::optional<std::uint8_t> id : {std::optional<std::uint8_t>{}, {0}, {15}}) {
    auto changed = config();
    changed.playout_delay_id = id;
    stream_ = make(changed);
    enqueue(true);
    EXPECT_EQ(receive().size, rtp::kHeaderSize + 1000);
  }
}

TEST_F(SendingStream, BeginsWithAKeyframe) {
  EXPECT_EQ(enqueue(), Enqueued::keyframe_wanted);
  EXPECT_EQ(stream_.enqueue_cached({}, now_), Enqueued::keyframe_wanted);
  EXPECT_EQ(stream_.next_size(), 0U);
  EXPECT_EQ(enqueue(true), Enqueued::accepted);
  EXPECT_EQ(enqueue(), Enqueued::accepted);
  EXPECT_EQ(stream_.stats().dropped_frames, 0U);
}

TEST_F(SendingStream, ACachedGroupIsSqueezedAndTheLiveFrameGoesOnAtItsTrueDistance) {
  GopCache cache;
  cache.add(next_frame(true, 3));
  for (int i = 0; i < 59; ++i) cache.add(next_frame());
  ASSERT_EQ(stream_.enqueue_cached(cache.frames(), now_), Enqueued::accepted);
  const auto cached = receive_all();
  ASSERT_EQ(cached.size(), 62U);
  for (std::size_t i = 1; i < cached.size(); ++i) {
    EXPECT_EQ(cached[i].header.sequence, after(cached[i - 1]));
    const std::uint32_t step = cached[i].header.timestamp - cached[i - 1].header.timestamp;
    EXPECT_EQ(step, i < 3 ? 0U : 90U) << i;
  }
  enqueue();
  const Received live = receive();
  EXPECT_EQ(live.header.sequence, after(cached.back()));
  EXPECT_EQ(live.header.timestamp - cached.back().header.timestamp, 33U * 90);
}

TEST_F(SendingStream, AGroupOfOneFrameHasItsTrueTimestamp) {
  const FramePtr only = next_frame(true);
  (void)stream_.enqueue_cached(std::span(&only, 1), now_);
  const std::uint32_t first = receive().header.timestamp;
  enqueue();
  EXPECT_EQ(receive().header.timestamp - first, 33U * 90);
}

TEST_F(SendingStream, NumbersGoOnWithoutAGapAcrossASecondJoin) {
  GopCache cache;
  cache.add(next_frame(true));
  cache.add(next_frame());
  (void)stream_.enqueue_cached(cache.frames(), now_);
  const auto first = receive_all();
  (void)stream_.enqueue_cached(cache.frames(), now_);
  const auto second = receive_all();
  EXPECT_EQ(second[0].header.sequence, after(first[1]));
  EXPECT_EQ(second[0].header.timestamp - first[1].header.timestamp, 1U) << "never back, never equal";
  EXPECT_EQ(second[1].header.timestamp - first[1].header.timestamp, 2U);
  enqueue();
  EXPECT_EQ(receive().header.timestamp - first[1].header.timestamp, 33U * 90);
}

TEST_F(SendingStream, DropsWholeFramesWhenThePathIsTooSlowAndResumesAtAKeyframe) {
  enqueue(true, 4);
  Received last = receive();  // One of four: the path takes no more.
  Enqueued result{};
  std::size_t accepted = 0;
  while ((result = enqueue()) == Enqueued::accepted) ++accepted;
  EXPECT_EQ(result, Enqueued::dropped);
  EXPECT_EQ(accepted, static_cast<std::size_t>(kMaxQueueDelay / kFrameTime) + 1);
  EXPECT_EQ(enqueue(), Enqueued::dropped);
  EXPECT_EQ(stream_.stats().dropped_frames, 2U + accepted) << "those behind refer to what was too late";

  EXPECT_EQ(enqueue(true, 2), Enqueued::accepted);
  EXPECT_EQ(enqueue(), Enqueued::accepted);
  EXPECT_EQ(stream_.stats().dropped_frames, 2U + accepted);
  const auto rest = receive_all();
  ASSERT_EQ(rest.size(), 3U + 2 + 1) << "what was begun is finished";
  for (const Received& packet : rest) {
    EXPECT_EQ(packet.header.sequence, after(last));
    last = packet;
  }
}

TEST_F(SendingStream, AsksForAKeyframeOnlyOnceThePathIsFreeAgain) {
  enqueue(true, 4);
  receive();
  while (enqueue() == Enqueued::accepted) continue;
  for (int i = 0; i < 100; ++i) EXPECT_EQ(enqueue(), Enqueued::dropped);
  receive_all();
  EXPECT_EQ(enqueue(), Enqueued::keyframe_wanted);
  EXPECT_EQ(enqueue(), Enqueued::keyframe_wanted);
  EXPECT_EQ(enqueue(true), Enqueued::accepted);
  EXPECT_EQ(enqueue(), Enqueued::accepted);
}

TEST_F(SendingStream, WhatWaitedTooLongIsNotBegun) {
  stream_.set_max_delay(500ms);
  enqueue(true);
  receive_all();
  for (int i = 0; i < 10; ++i) EXPECT_EQ(enqueue(), Enqueued::accepted);
  now_ += 500ms - 9 * kFrameTime;
  stream_.drop_late(now_);
  EXPECT_GT(stream_.next_size(), 0U) << "exactly as old as it may be";
  stream_.drop_late(now_ + 1ns);
  EXPECT_EQ(stream_.next_size(), 0U);
  EXPECT_EQ(stream_.stats().dropped_frames, 10U);
  EXPECT_EQ(enqueue(), Enqueued::keyframe_wanted);
}

TEST_F(SendingStream, AKeyframeThatIsFreshIsGoneOnWith) {
  stream_.set_max_delay(500ms);
  enqueue(true, 2);
  const Received begun = receive();
  for (int i = 0; i < 5; ++i) enqueue();
  now_ += 300ms;
  EXPECT_EQ(enqueue(true, 3), Enqueued::accepted);
  EXPECT_EQ(enqueue(), Enqueued::accepted);
  now_ += 200ms;
  stream_.drop_late(now_);
  EXPECT_EQ(stream_.stats().dropped_frames, 5U);
  const auto rest = receive_all();
  ASSERT_EQ(rest.size(), 1U + 3 + 1);
  EXPECT_EQ(rest.front().header.sequence, after(begun));
  EXPECT_EQ(rest[1].header.sequence, after(rest[0])) << "what was never begun has no number";
}

TEST_F(SendingStream, WhoJoinsMayCatchUpWithTheCachedPictures) {
  stream_.set_max_delay(500ms);
  GopCache cache;
  cache.add(next_frame(true, 3));
  for (int i = 0; i < 59; ++i) cache.add(next_frame());
  (void)stream_.enqueue_cached(cache.frames(), now_);
  now_ += kCatchUpTime - 1ms;
  stream_.drop_late(now_);
  EXPECT_EQ(stream_.stats().dropped_frames, 0U);
  now_ += 1ms;
  stream_.drop_late(now_);
  EXPECT_EQ(stream_.stats().dropped_frames, 60U);
}

TEST_F(SendingStream, WhoHasCaughtUpIsHeldToTheBound) {
  stream_.set_max_delay(500ms);
  const FramePtr only = next_frame(true);
  (void)stream_.enqueue_cached(std::span(&only, 1), now_);
  receive_all();
  EXPECT_EQ(enqueue(), Enqueued::accepted);
  now_ += 501ms;
  stream_.drop_late(now_);
  EXPECT_EQ(stream_.stats().dropped_frames, 1U);
}

TEST_F(SendingStream, FallsBehindOftenWhenItDoesSoAgainWithinSeconds) {
  const auto fall = [this] {
    enqueue(true);
    now_ += kMaxQueueDelay + 1ms;
    stream_.drop_late(now_);
  };
  fall();
  EXPECT_FALSE(stream_.falls_behind_often(now_)) << "one bad moment";
  now_ += kSteadyTime;
  fall();
  EXPECT_FALSE(stream_.falls_behind_often(now_));
  fall();
  EXPECT_TRUE(stream_.falls_behind_often(now_));
  EXPECT_FALSE(stream_.falls_behind_often(now_ + kSteadyTime));
}

TEST_F(SendingStream, TheQueueIsBoundedInBytes) {
  enqueue(true);
  std::size_t bytes = 0;
  const FramePtr large = test::raw_frame(false, pts_, 4000, 1000);
  while (stream_.enqueue(large, now_) == Enqueued::accepted) bytes += large->bytes.size();
  EXPECT_LE(bytes, kMaxQueuedBytes);
  EXPECT_GT(bytes + 2 * large->bytes.size(), kMaxQueuedBytes);
}

TEST_F(SendingStream, TheQueueIsBoundedInPackets) {
  enqueue(true);
  std::size_t packets = 1;
  const FramePtr many = test::raw_frame(false, pts_, 1000, 1);
  while (stream_.enqueue(many, now_) == Enqueued::accepted) packets += 1000;
  EXPECT_LE(packets, kMaxQueuedPackets);
  EXPECT_EQ(receive_all().size(), packets);
  EXPECT_EQ(enqueue(), Enqueued::keyframe_wanted);
}

TEST_F(SendingStream, AQueueThatWasReplacedLeavesItsRoomToTheNext) {
  for (const FramePtr& filler :
       {test::raw_frame(false, pts_, 4000, 1000), test::raw_frame(false, pts_, 1000, 1)}) {
    enqueue(true);
    receive_all();
    std::size_t first = 0;
    while (stream_.enqueue(filler, now_) == Enqueued::accepted) ++first;
    EXPECT_EQ(enqueue(true), Enqueued::accepted);
    receive_all();
    std::size_t second = 0;
    while (stream_.enqueue(filler, now_) == Enqueued::accepted) ++second;
    EXPECT_EQ(second, first);
  }
}

TEST_F(SendingStream, WhatWasSentNoLongerCountsTowardsTheQueue) {
  enqueue(true);
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(enqueue(false, 4000), Enqueued::accepted);
    receive_all();
  }
  EXPECT_EQ(enqueue(), Enqueued::accepted);
  EXPECT_EQ(enqueue(), Enqueued::accepted);
}

TEST_F(SendingStream, ACachedGroupTakesThePlaceOfWhatWaits) {
  enqueue(true);
  enqueue();
  const FramePtr only = next_frame(true, 3);
  (void)stream_.enqueue_cached(std::span(&only, 1), now_);
  EXPECT_EQ(receive_all().size(), 3U);
  EXPECT_EQ(stream_.stats().dropped_frames, 2U);
}

TEST_F(SendingStream, AnyCachedGroupFitsTheQueue) {
  std::vector<FramePtr> frames{test::raw_frame(true, 0ms, 7000, 1000)};
  for (std::size_t i = 1; i < kMaxGopFrames; ++i) frames.push_back(test::raw_frame(false, 0ms, 2, 557));
  ASSERT_EQ(stream_.enqueue_cached(frames, now_), Enqueued::accepted);
  EXPECT_EQ(enqueue(false, 100), Enqueued::accepted);
}

TEST_F(SendingStream, AKeyframeThatOverflowsTheQueueReplacesIt) {
  enqueue(true);
  receive_all();
  for (int i = 0; i < 10; ++i) enqueue();
  now_ += kMaxQueueDelay;
  EXPECT_EQ(enqueue(true), Enqueued::accepted);
  EXPECT_EQ(receive_all().size(), 1U);
  EXPECT_EQ(stream_.stats().dropped_frames, 10U);
}

TEST_F(SendingStream, NumbersHaveNoGapsWhateverHappens) {
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    test::SeededRandom random(seed);
    stream_ = make(config(), seed);
    GopCache cache;
    std::optional<Received> last;
    for (int step = 0; step < 1500; ++step) {
      const FramePtr frame = next_frame(random.u32() % 40 == 0, 1 + random.u32() % 12);
      cache.add(frame);
      if (random.u32() % 100 == 0) {
        (void)stream_.enqueue_cached(cache.frames(), now_);
      } else {
        (void)stream_.enqueue(frame, now_);
      }
      // A path that stalls for long stretches.
      std::uint32_t room = random.u32() % 100 < 80 && step % 300 < 200 ? random.u32() % 16 : 0;
      for (; room > 0 && stream_.next_size() > 0; --room) {
        const Received packet = receive();
        if (last) {
          ASSERT_EQ(packet.header.sequence, after(*last));
          const auto step_ticks = static_cast<std::int32_t>(packet.header.timestamp - last->header.timestamp);
          ASSERT_EQ(step_ticks > 0, last->header.marker) << "a new timestamp for a new frame, always later";
          ASSERT_GE(step_ticks, 0);
        }
        last = packet;
      }
    }
    EXPECT_GT(stream_.stats().dropped_frames, 0U) << "the test must make the queue overflow";
  }
}

}  // namespace
}  // namespace porthole::rtc
