#include "load/media_meter.hpp"

#include <gtest/gtest.h>

namespace porthole::load {
namespace {

constexpr std::uint8_t kMedia = 102;
constexpr std::uint8_t kRetransmission = 103;
constexpr Arrival kMillisecond = 1'000'000;

class MediaMeterTest : public testing::Test {
 protected:
  static std::bitset<128> retransmissions() { return std::bitset<128>().set(kRetransmission); }

  void receive(std::uint16_t sequence, std::uint32_t timestamp, bool marker, Arrival at, bool lost = false) {
    meter.note(
        {.ssrc = 1, .timestamp = timestamp, .sequence = sequence, .payload_type = kMedia, .marker = marker},
        1000, at, lost, &times);
  }

  MediaMeter meter{retransmissions()};
  FrameTimes times;
};

TEST_F(MediaMeterTest, MeasuresFromTheEndOfOneFrameToTheEndOfTheNext) {
  receive(1, 3000, false, 0);
  receive(2, 3000, true, 5 * kMillisecond);
  receive(3, 6000, false, 30 * kMillisecond);
  receive(4, 6000, true, 45 * kMillisecond);
  EXPECT_EQ(times.gaps.count(), 1U);
  EXPECT_EQ(times.gaps.longest(), 40ms);
  EXPECT_EQ(times.spreads.longest(), 15ms);
  EXPECT_EQ(meter.delivery().frames, 2U);
}

TEST_F(MediaMeterTest, TakesAFrameThatComesTwiceForOne) {
  receive(1, 3000, true, 0);
  receive(2, 6000, true, 30 * kMillisecond);
  receive(2, 6000, true, 31 * kMillisecond);
  EXPECT_EQ(times.gaps.count(), 1U);
  EXPECT_EQ(meter.delivery().duplicates, 1U);
}

TEST_F(MediaMeterTest, LosesNothingThatIsRetransmitted) {
  receive(1, 3000, true, 0);
  receive(2, 6000, true, 30 * kMillisecond, true);
  receive(3, 9000, true, 60 * kMillisecond);
  EXPECT_EQ(meter.delivery().missing, 1U);
  meter.note({.ssrc = 2, .timestamp = 6000, .sequence = 900, .payload_type = kRetransmission}, 1002,
             70 * kMillisecond, false, &times);
  meter.note_recovered(2);
  EXPECT_EQ(meter.delivery().missing, 0U);
  EXPECT_EQ(meter.delivery().retransmissions, 1U);
  EXPECT_EQ(meter.delivery().packets, 4U);
}

}  // namespace
}  // namespace porthole::load
