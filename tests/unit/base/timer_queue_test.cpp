#include "base/timer_queue.hpp"

#include <gtest/gtest.h>

namespace porthole {
namespace {

constexpr Instant at(Duration since_start) {
  return Instant{} + since_start;
}

TEST(TimerQueue, ComesUpInOrderOfDeadline) {
  TimerQueue<int> timers;
  timers.schedule(1, at(3s));
  timers.schedule(2, at(1s));
  EXPECT_EQ(timers.next(), at(1s));
  EXPECT_EQ(timers.pop_due(at(500ms)), std::nullopt);
  EXPECT_EQ(timers.pop_due(at(5s)), 2);
  EXPECT_EQ(timers.pop_due(at(5s)), 1);
  EXPECT_EQ(timers.next(), Instant::max());
}

TEST(TimerQueue, MovesADeadlineBothWays) {
  TimerQueue<int> timers;
  timers.schedule(1, at(2s));
  timers.schedule(1, at(9s));
  EXPECT_EQ(timers.pop_due(at(5s)), std::nullopt);
  EXPECT_EQ(timers.next(), at(9s));
  timers.schedule(1, at(6s));
  EXPECT_EQ(timers.next(), at(6s));
  EXPECT_EQ(timers.pop_due(at(6s)), 1);
  EXPECT_EQ(timers.pop_due(at(60s)), std::nullopt);
}

TEST(TimerQueue, ForgetsWhatIsCancelled) {
  TimerQueue<int> timers;
  timers.schedule(1, at(1s));
  timers.cancel(1);
  timers.schedule(2, at(1s));
  timers.schedule(2, Instant::max());
  EXPECT_EQ(timers.next(), Instant::max());
  timers.schedule(1, at(1s));
  EXPECT_EQ(timers.pop_due(at(1s)), 1);
  EXPECT_EQ(timers.pop_due(at(1s)), std::nullopt);
}

TEST(TimerQueue, KeysThatComeAndGoBeforeTheirTimeLeaveNothingBehind) {
  TimerQueue<int> timers;
  timers.schedule(-1, at(2h));
  for (int key = 0; key < 10'000; ++key) {
    timers.schedule(key, at(1h));
    timers.cancel(key);
    ASSERT_LE(timers.heap_size(), TimerQueue<int>::kFewEntries + 3);
  }
  EXPECT_EQ(timers.pop_due(at(3h)), -1);
  EXPECT_EQ(timers.next(), Instant::max());
}

TEST(TimerQueue, DeadlinesThatMovedSurviveWhatOthersLeaveBehind) {
  TimerQueue<int> timers;
  timers.schedule(-1, at(1s));
  timers.schedule(-1, at(90min));  // Later than its place in the heap.
  timers.schedule(-2, at(3h));
  for (int key = 0; key < 1'000; ++key) {
    timers.schedule(key, at(2h));
    timers.cancel(key);
  }
  EXPECT_EQ(timers.next(), at(90min));
  EXPECT_EQ(timers.pop_due(at(2h)), -1);
  EXPECT_EQ(timers.pop_due(at(2h)), std::nullopt);
  EXPECT_EQ(timers.pop_due(at(3h)), -2);
}

}  // namespace
}  // namespace porthole
