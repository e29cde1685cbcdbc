#include "rtc/pacer.hpp"

#include <gtest/gtest.h>

namespace porthole::rtc {
namespace {

class PacerTest : public testing::Test {
 protected:
  // Sends a frame as fast as it may go; returns how long that takes. Waits for the whole burst each time.
  Duration send(std::size_t bytes, Instant due) {
    const Instant began = now_;
    while (true) {
      const std::size_t burst = std::min(bytes, pacer_.allowance(now_));
      EXPECT_LE(burst, kMaxBurst);
      bytes -= burst;
      if (burst > 0) pacer_.handle_sent(burst, bytes, due, now_);
      if (bytes == 0) return now_ - began;
      now_ = std::max(now_, pacer_.next_timeout());
    }
  }

  Instant now_{1000s};
  Pacer pacer_;
};

TEST_F(PacerTest, AnOrdinaryFrameLeavesAtOnce) {
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(send(10'400, now_ + 33ms), Duration{});
    now_ += 33ms;
  }
}

TEST_F(PacerTest, ALongFrameGoesAtAHundredMegabitsASecond) {
  // The last burst needs no time after it.
  EXPECT_EQ(send(10 * kMaxBurst, now_ + 33ms), 9 * kBurstTime);
}

TEST_F(PacerTest, WhatWouldBeLateThenGoesFasterAndEvenly) {
  const Instant due = now_ + 33ms;
  const Duration took = send(40 * kMaxBurst, due);
  EXPECT_LE(took, 33ms);
  EXPECT_GE(took, 31ms) << "and not faster than need be";
}

TEST_F(PacerTest, WhatIsNotDueIsNotHurried) {
  EXPECT_EQ(send(40 * kMaxBurst, Instant::max()), 39 * kBurstTime);
}

TEST_F(PacerTest, AfterItsTimeAFrameWaitsForNothing) {
  now_ += 1s;
  EXPECT_EQ(send(40 * kMaxBurst, now_ - 1ms), Duration{});
}

TEST_F(PacerTest, BurstsThatFollowEachOtherShareTheirRoom) {
  pacer_.handle_sent(kMaxBurst / 4, 0, Instant::max(), now_);
  EXPECT_EQ(pacer_.allowance(now_), kMaxBurst - kMaxBurst / 4);
  pacer_.handle_sent(kMaxBurst / 2, 0, Instant::max(), now_);
  EXPECT_EQ(pacer_.allowance(now_), 0U) << "a small rest waits";
  EXPECT_EQ(pacer_.allowance(pacer_.next_timeout()), kMaxBurst);
}

}  // namespace
}  // namespace porthole::rtc
