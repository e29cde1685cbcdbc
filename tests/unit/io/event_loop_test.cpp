#include "io/event_loop.hpp"

#include <gmock/gmock.h>
#include <signal.h>

#include <thread>
#include <vector>

#include "unit/io/loopback.hpp"

namespace porthole::io {
namespace {

TEST(EventLoop, RunsPostedTasksInOrderFromAnyThread) {
  EventLoop loop;
  std::vector<int> order;
  std::thread other([&] {
    for (int i = 0; i < 100; ++i) loop.post([&order, i] { order.push_back(i); });
    loop.post([&loop] { loop.stop(); });
  });
  loop.run();
  other.join();
  ASSERT_EQ(order.size(), 100u);
  EXPECT_TRUE(std::ranges::is_sorted(order));
}

TEST(EventLoop, TakesWhatGoesFirstBeforeWhatWaits) {
  EventLoop loop;
  std::vector<int> order;
  for (int i = 0; i < 3; ++i) loop.post([&order, i] { order.push_back(i); });
  for (int i = 10; i < 13; ++i) loop.post_first([&order, i] { order.push_back(i); });
  loop.post([&loop] { loop.stop(); });
  loop.run();
  EXPECT_THAT(order, testing::ElementsAre(0, 10, 11, 12, 1, 2));
}

TEST(EventLoop, WhatGoesFirstMayComeInBetween) {
  EventLoop loop;
  std::vector<int> order;
  loop.post([&] {
    EXPECT_FALSE(loop.run_first());
    order.push_back(0);
    std::thread([&] { loop.post_first([&order] { order.push_back(10); }); }).join();
    EXPECT_TRUE(loop.run_first());
    order.push_back(1);
    loop.stop();
  });
  loop.run();
  EXPECT_THAT(order, testing::ElementsAre(0, 10, 1));
}

TEST(EventLoop, WakesUpForWhatGoesFirst) {
  EventLoop loop;
  std::thread other([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    loop.post_first([&loop] { loop.stop(); });
  });
  loop.run();
  other.join();
}

// The owner of what it would use may be gone.
TEST(EventLoop, NothingGoesFirstOnceItIsStopped) {
  EventLoop loop;
  bool ran = false;
  loop.post([&] {
    loop.post_first([&ran] { ran = true; });
    loop.stop();
  });
  loop.run();
  EXPECT_FALSE(ran);
}

TEST(EventLoop, StopsFromAnotherThread) {
  EventLoop loop;
  std::thread other([&] { loop.stop(); });
  loop.run();
  other.join();
}

TEST(EventLoop, StopsByItselfOnceNothingIsPending) {
  EventLoop loop;
  bool fired = false;
  Timer timer(loop, [&] { fired = true; });
  timer.arm(EventLoop::now() + 20ms);
  loop.on_signals({SIGUSR2}, [](int) {});
  loop.stop_when_idle();
  loop.run();
  EXPECT_TRUE(fired);
}

TEST(EventLoop, TellsEverySignal) {
  EventLoop loop;
  std::vector<int> signals;
  loop.on_signals({SIGUSR1, SIGUSR2}, [&](int signal) { signals.push_back(signal); });
  raise(SIGUSR1);
  EXPECT_TRUE(test::run_until(loop, [&] { return signals.size() == 1; }));
  raise(SIGUSR2);
  EXPECT_TRUE(test::run_until(loop, [&] { return signals.size() == 2; }));
  EXPECT_THAT(signals, testing::ElementsAre(SIGUSR1, SIGUSR2));
}

TEST(EventLoop, KnowsTheTimeOfDay) {
  const auto seconds = EventLoop::wall_clock().unix_seconds(EventLoop::now());
  EXPECT_NEAR(static_cast<double>(seconds), static_cast<double>(time(nullptr)), 2.0);
}

TEST(Timer, FiresOnceAndNotBeforeItsDeadline) {
  EventLoop loop;
  const Instant deadline = EventLoop::now() + 30ms;
  std::vector<Instant> fired;
  Timer timer(loop, [&] { fired.push_back(EventLoop::now()); });
  timer.arm(deadline);
  test::run_for(loop, 60ms);
  ASSERT_EQ(fired.size(), 1u);
  EXPECT_GE(fired[0], deadline);
}

TEST(Timer, ObeysTheLastDeadlineEarlierOrLater) {
  EventLoop loop;
  const Instant start = EventLoop::now();
  Instant later_at{};
  Instant earlier_at{};
  Timer later(loop, [&] { later_at = EventLoop::now(); });
  Timer earlier(loop, [&] { earlier_at = EventLoop::now(); });
  later.arm(start + 5ms);
  later.arm(start + 50ms);
  earlier.arm(start + 10s);
  earlier.arm(start + 10ms);
  EXPECT_TRUE(test::run_until(loop, [&] { return later_at != Instant{}; }));
  EXPECT_GE(later_at, start + 50ms);
  EXPECT_GE(earlier_at, start + 10ms);
  EXPECT_LT(earlier_at, later_at);
}

TEST(Timer, StaysSilentWhenCancelledOrGone) {
  EventLoop loop;
  int fired = 0;
  Timer cancelled(loop, [&] { ++fired; });
  cancelled.arm(EventLoop::now() + 5ms);
  cancelled.cancel();
  Timer never(loop, [&] { ++fired; });
  never.arm(EventLoop::now() + 5ms);
  never.arm(Instant::max());
  auto gone = std::make_unique<Timer>(loop, [&] { ++fired; });
  gone->arm(EventLoop::now() + 5ms);
  gone.reset();
  test::run_for(loop, 30ms);
  EXPECT_EQ(fired, 0);
}

TEST(Timer, MayBeArmedAgainFromItsOwnFunction) {
  EventLoop loop;
  int fired = 0;
  Timer* self = nullptr;
  Timer timer(loop, [&] {
    if (++fired < 3) self->arm(EventLoop::now() - 1s);
  });
  self = &timer;
  timer.arm(EventLoop::now());
  EXPECT_TRUE(test::run_until(loop, [&] { return fired == 3; }));
  test::run_for(loop, 10ms);
  EXPECT_EQ(fired, 3);
}

}  // namespace
}  // namespace porthole::io
