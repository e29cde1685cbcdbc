#include "rtc/send_history.hpp"

#include <gtest/gtest.h>

#include <deque>

#include "support/seeded_random.hpp"
#include "unit/rtc/frames.hpp"

namespace porthole::rtc {
namespace {

using test::raw_frame;

// A history that is sent whole frames.
class History : public testing::Test {
 protected:
  FramePtr send(std::size_t payloads) {
    const FramePtr frame = raw_frame(false, 0ms, payloads, 1);
    history_.add({frame, 0, next_, false});
    next_ = static_cast<std::uint16_t>(next_ + payloads);
    return frame;
  }

  SendHistory history_;
  std::uint16_t next_ = 65'500;
};

TEST_F(History, KnowsNothingBeforeTheFirstFrame) {
  for (std::uint32_t sequence = 0; sequence < 65'536; ++sequence) {
    EXPECT_FALSE(history_.find(static_cast<std::uint16_t>(sequence), next_));
  }
}

TEST_F(History, WhatIsNotSentYetIsNotFound) {
  const FramePtr frame = send(10);
  const std::uint16_t sent = static_cast<std::uint16_t>(next_ - 7);  // Three of ten.
  EXPECT_EQ(history_.find(static_cast<std::uint16_t>(sent - 1), sent)->index, 2U);
  EXPECT_FALSE(history_.find(sent, sent));
  EXPECT_FALSE(history_.find(static_cast<std::uint16_t>(sent - 4), sent)) << "before the first";
  EXPECT_EQ(history_.newest().frame, frame);
}

TEST_F(History, FindsExactlyTheLastPackets) {
  // Against a plain list, over frames of all sizes and many turns of the circle.
  struct Packet {
    FramePtr frame;
    std::size_t index;
  };
  std::deque<Packet> expected;
  test::SeededRandom random;
  for (int i = 0; i < 3000; ++i) {
    const FramePtr frame = send(random.u32() % 50 == 0 ? 1 + random.u32() % 3000 : 10 + random.u32() % 30);
    for (std::size_t k = 0; k < frame->payloads.size(); ++k) expected.push_back({frame, k});
    while (expected.size() > kHistoryPackets) expected.pop_front();
    for (int probe = 0; probe < 20; ++probe) {
      const auto age = static_cast<std::uint16_t>(random.u32() % (kHistoryPackets + 200));
      const auto found = history_.find(static_cast<std::uint16_t>(next_ - age), next_);
      ASSERT_EQ(found.has_value(), age > 0 && age <= expected.size()) << age;
      if (!found) continue;
      EXPECT_EQ(found->sent->frame, expected[expected.size() - age].frame);
      EXPECT_EQ(found->index, expected[expected.size() - age].index);
    }
  }
}

TEST_F(History, LetsGoOfFramesThatAreOutOfReach) {
  const FramePtr first = send(10);
  send(kHistoryPackets - 1);
  EXPECT_EQ(first.use_count(), 2) << "its last packet is in reach";
  send(1);
  EXPECT_EQ(first.use_count(), 1);
  const FramePtr small = send(1);
  for (std::size_t i = 0; i + 1 < kHistoryFrames; ++i) send(1);
  EXPECT_EQ(small.use_count(), 2);
  send(1);
  EXPECT_EQ(small.use_count(), 1) << "no more than kHistoryFrames";
  EXPECT_EQ(history_.frames(), kHistoryFrames);
}

}  // namespace
}  // namespace porthole::rtc
