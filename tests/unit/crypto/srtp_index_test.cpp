#include "crypto/srtp_index.hpp"

#include <gtest/gtest.h>

namespace porthole::crypto {
namespace {

TEST(SrtpIndex, SequenceNumbersAreTakenForTheNearest) {
  EXPECT_EQ(rtp_index_near(10, 11), 11u);
  EXPECT_EQ(rtp_index_near(10, 9), 9u);
  EXPECT_EQ(rtp_index_near(0xFFFF, 0), 0x1'0000u);
  EXPECT_EQ(rtp_index_near(0x1'0000, 0xFFFF), 0xFFFFu);
  EXPECT_EQ(rtp_index_near(0x5'0000, 0x7FFF), 0x5'7FFFu);
  EXPECT_EQ(rtp_index_near(0x5'0000, 0x8001), 0x4'8001u);
}

TEST(SrtpIndex, ThereIsNothingBeforeTheFirstRound) {
  EXPECT_EQ(rtp_index_near(10, 0xFFFF), 0xFFFFu);
}

TEST(SrtpIndex, TheRolloverCounterHasItsOwnEnd) {
  EXPECT_EQ(rtp_index_near(kMaxRtpIndex, 0xFFFF), kMaxRtpIndex);
  EXPECT_GT(rtp_index_near(kMaxRtpIndex, 0), kMaxRtpIndex);
}

TEST(ReplayWindow, KnowsWhatItSaw) {
  ReplayWindow<64> window;
  EXPECT_TRUE(window.is_new(0));
  for (const std::uint64_t index : {100U, 98U, 101U, 40U}) {
    EXPECT_TRUE(window.is_new(index)) << index;
    window.add(index);
    EXPECT_FALSE(window.is_new(index)) << index;
  }
  EXPECT_TRUE(window.is_new(99));
  EXPECT_TRUE(window.is_new(102));
}

TEST(ReplayWindow, TakesWhatIsTooOldForAReplay) {
  ReplayWindow<64> window;
  window.add(1000);
  EXPECT_TRUE(window.is_new(1000 - 63));
  EXPECT_FALSE(window.is_new(1000 - 64));
  EXPECT_FALSE(window.is_new(1000 - 65));
}

TEST(ReplayWindow, ForgetsWhatLeavesIt) {
  ReplayWindow<64> window;
  for (std::uint64_t index = 0; index < 64; ++index) window.add(index);
  window.add(64);
  EXPECT_FALSE(window.is_new(0));
  EXPECT_FALSE(window.is_new(1));
  window.add(70);
  for (std::uint64_t index = 65; index < 70; ++index) EXPECT_TRUE(window.is_new(index)) << index;
  window.add(1'000'000);
  for (std::uint64_t index = 1'000'000 - 63; index < 1'000'000; ++index) EXPECT_TRUE(window.is_new(index));
}

TEST(ReplayWindow, GuessesAnIndexFromTheHighest) {
  ReplayWindow<64> window;
  EXPECT_EQ(window.near(0xFFFF), 0xFFFFu);
  window.add(0xFFFF);
  EXPECT_EQ(window.near(3), 0x1'0003u);
}

}  // namespace
}  // namespace porthole::crypto
