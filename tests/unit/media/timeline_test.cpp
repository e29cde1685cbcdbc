#include "media/timeline.hpp"

#include <gtest/gtest.h>

namespace porthole::media {
namespace {

TEST(Timeline, BeginsWhereTheSourceJoins) {
  Timeline timeline;
  timeline.rejoin(2s);
  EXPECT_EQ(timeline.map(1000s), 2s);
  EXPECT_EQ(timeline.map(1000s + 40ms), 2s + 40ms);
}

TEST(Timeline, NextLoopFollowsLikeTheNextFrame) {
  Timeline timeline;
  timeline.map(0ms);
  timeline.map(40ms);
  timeline.continue_gapless();
  EXPECT_EQ(timeline.map(0ms), 80ms);
  EXPECT_EQ(timeline.map(40ms), 120ms);
}

TEST(Timeline, SourceThatWasAwayComesBackAtTheTimeOfDay) {
  Timeline timeline;
  timeline.map(0ms);
  timeline.rejoin(7s);
  EXPECT_EQ(timeline.map(500s), 7s);
  timeline.rejoin(3s);  // A clock that lags behind what was delivered.
  EXPECT_GT(timeline.map(0s), 7s);
}

TEST(Timeline, JumpsOfTheSourcesClockDoNotShow) {
  Timeline timeline;
  timeline.map(0ms);
  timeline.map(40ms);
  EXPECT_EQ(timeline.map(3h), 80ms);
  EXPECT_EQ(timeline.map(3h + 40ms), 120ms);
  EXPECT_EQ(timeline.map(1s), 160ms);
}

TEST(Timeline, GapOfSecondsIsTrue) {
  Timeline timeline;
  timeline.map(0ms);
  EXPECT_EQ(timeline.map(5s), 5s);
}

TEST(Timeline, NeverGoesBackOrStandsStill) {
  Timeline timeline;
  timeline.map(100ms);
  const Duration second = timeline.map(140ms);
  const Duration third = timeline.map(120ms);
  EXPECT_GT(third, second);
  EXPECT_GT(timeline.map(140ms), third);
}

}  // namespace
}  // namespace porthole::media
