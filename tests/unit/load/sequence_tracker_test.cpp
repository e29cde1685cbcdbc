#include "load/sequence_tracker.hpp"

#include <gtest/gtest.h>

namespace porthole::load {
namespace {

using Verdict = SequenceTracker::Verdict;

TEST(SequenceTracker, CountsWhatIsMissingUntilItComes) {
  SequenceTracker tracker;
  EXPECT_EQ(tracker.note(100), Verdict::next);
  EXPECT_EQ(tracker.note(101), Verdict::next);
  EXPECT_EQ(tracker.note(105), Verdict::ahead);
  EXPECT_EQ(tracker.missing(), 3U);
  EXPECT_EQ(tracker.note(103), Verdict::late);
  EXPECT_TRUE(tracker.has(103));
  EXPECT_FALSE(tracker.has(104));
  EXPECT_EQ(tracker.missing(), 2U);
  EXPECT_EQ(tracker.expected(), 6U);
  EXPECT_EQ(tracker.received(), 4U);
}

TEST(SequenceTracker, CountsADuplicateOnce) {
  SequenceTracker tracker;
  tracker.note(7);
  tracker.note(9);
  EXPECT_EQ(tracker.note(9), Verdict::duplicate);
  tracker.note(8);
  EXPECT_EQ(tracker.note(8), Verdict::duplicate);
  EXPECT_EQ(tracker.received(), 3U);
  EXPECT_EQ(tracker.missing(), 0U);
}

TEST(SequenceTracker, GoesOnWhereTheNumbersWrap) {
  SequenceTracker tracker;
  tracker.note(65'534);
  EXPECT_EQ(tracker.note(1), Verdict::ahead);
  EXPECT_EQ(tracker.missing(), 2U);
  EXPECT_EQ(tracker.note(65'535), Verdict::late);
  EXPECT_EQ(tracker.note(0), Verdict::late);
  EXPECT_EQ(tracker.missing(), 0U);
  EXPECT_EQ(tracker.highest() & 0xFFFFU, 1U);
}

TEST(SequenceTracker, TakesWhatIsBeforeTheFirstForADuplicate) {
  SequenceTracker tracker;
  tracker.note(0);
  EXPECT_EQ(tracker.note(65'535), Verdict::duplicate);
  EXPECT_EQ(tracker.expected(), 1U);
  EXPECT_EQ(tracker.missing(), 0U);
}

TEST(SequenceTracker, ForgetsWhatCameALapAgo) {
  SequenceTracker tracker;
  for (std::uint32_t sequence = 0; sequence <= 70'000; ++sequence) {
    if (sequence % 100 != 50) tracker.note(static_cast<std::uint16_t>(sequence));
  }
  EXPECT_EQ(tracker.expected(), 70'001U);
  EXPECT_EQ(tracker.missing(), 700U);
  EXPECT_EQ(tracker.note(static_cast<std::uint16_t>(69'950)), Verdict::late);
  EXPECT_EQ(tracker.missing(), 699U);
}

TEST(SequenceTracker, CountsAJumpBeyondItsMemoryAsMissing) {
  SequenceTracker tracker;
  tracker.note(1);
  EXPECT_EQ(tracker.note(20'000), Verdict::ahead);
  EXPECT_EQ(tracker.missing(), 19'998U);
  EXPECT_EQ(tracker.note(2), Verdict::duplicate);  // Too old to tell.
  EXPECT_EQ(tracker.note(19'999), Verdict::late);
}

}  // namespace
}  // namespace porthole::load
