#include "rtc/retransmissions.hpp"

#include <gtest/gtest.h>

namespace porthole::rtc {
namespace {

constexpr Instant kStart{100s};

TEST(Retransmissions, ComeInTheOrderAskedFor) {
  Retransmissions lost;
  EXPECT_FALSE(lost.next());
  EXPECT_TRUE(lost.request(7, 100, 50ms, kStart));
  EXPECT_TRUE(lost.request(5, 100, 50ms, kStart));
  EXPECT_EQ(lost.next(), 7);
  lost.pop();
  EXPECT_EQ(lost.next(), 5);
  lost.pop();
  EXPECT_FALSE(lost.next());
}

TEST(Retransmissions, OnePacketGoesOncePerRoundTrip) {
  Retransmissions lost;
  EXPECT_TRUE(lost.request(7, 100, 50ms, kStart));
  EXPECT_FALSE(lost.request(7, 100, 50ms, kStart + 49ms));
  EXPECT_TRUE(lost.request(8, 100, 50ms, kStart + 49ms)) << "another packet";
  EXPECT_TRUE(lost.request(7, 100, 50ms, kStart + 50ms));
  EXPECT_FALSE(lost.request(7, 100, 50ms, kStart + 99ms)) << "counted from the repetition";
}

TEST(Retransmissions, TheRoundTripIsAHundredMillisecondsUntilItIsKnown) {
  Retransmissions lost;
  EXPECT_TRUE(lost.request(7, 100, std::nullopt, kStart));
  EXPECT_FALSE(lost.request(7, 100, std::nullopt, kStart + 99ms));
  EXPECT_TRUE(lost.request(7, 100, std::nullopt, kStart + 100ms));
}

TEST(Retransmissions, AnAbsurdRoundTripIsBounded) {
  Retransmissions lost;
  EXPECT_TRUE(lost.request(7, 100, 0ms, kStart));
  EXPECT_FALSE(lost.request(7, 100, 0ms, kStart + 9ms));
  EXPECT_TRUE(lost.request(7, 100, 60s, kStart + 500ms));
}

TEST(Retransmissions, ANewPacketUnderTheSamePlaceIsNotTakenForTheOldOne) {
  Retransmissions lost;
  EXPECT_TRUE(lost.request(7, 100, 50ms, kStart));
  lost.handle_sent(7 + kHistoryPackets, 1000);
  EXPECT_TRUE(lost.request(7 + kHistoryPackets, 100, 50ms, kStart + 1ms));
}

TEST(Retransmissions, AreABoundedShareOfTheMedia) {
  Retransmissions lost;
  constexpr std::size_t kSize = 1150;
  // A peer that asks for everything, over and over, for ten seconds of 300 packets each.
  std::size_t sent = 0;
  std::size_t again = 0;
  Instant now = kStart;
  for (std::uint16_t sequence = 0; sequence < 3000; ++sequence, now += 3'333us) {
    lost.handle_sent(sequence, kSize);
    sent += kSize;
    for (std::uint16_t back = 0; back < 50 && back <= sequence; ++back) {
      lost.request(static_cast<std::uint16_t>(sequence - back), kSize, 10ms, now);
    }
    for (; lost.next(); lost.pop()) again += kSize;
  }
  EXPECT_LE(again, sent / kRetransmissionShare + kRetransmissionReserve);
  EXPECT_GT(again, sent / kRetransmissionShare) << "but the share is to be had";
}

TEST(Retransmissions, TheReserveRepairsALargeKeyframeAtOnce) {
  Retransmissions lost;
  for (std::uint16_t sequence = 0; sequence < 200; ++sequence) lost.handle_sent(sequence, 1150);
  for (std::uint16_t sequence = 0; sequence < 200; ++sequence) {
    EXPECT_TRUE(lost.request(sequence, 1150, 50ms, kStart));
  }
}

TEST(Retransmissions, HoursOfMediaDoNotSaveUpForOneFlood) {
  Retransmissions lost;
  for (int i = 0; i < 100'000; ++i) lost.handle_sent(static_cast<std::uint16_t>(i), 1150);
  std::size_t again = 0;
  for (std::uint16_t i = 0; i < kHistoryPackets && lost.request(i, 1150, 50ms, kStart); ++i) {
    again += 1150;
    lost.pop();
  }
  EXPECT_LE(again, kRetransmissionReserve);
}

TEST(Retransmissions, TheQueueIsBounded) {
  Retransmissions lost;
  for (std::uint16_t i = 0; i < kMaxQueuedRetransmissions; ++i) {
    EXPECT_TRUE(lost.request(i, 1, 50ms, kStart));
  }
  EXPECT_FALSE(lost.request(kMaxQueuedRetransmissions, 1, 50ms, kStart));
  lost.pop();
  EXPECT_TRUE(lost.request(kMaxQueuedRetransmissions, 1, 50ms, kStart));
  std::uint16_t expected = 1;
  for (; lost.next(); lost.pop()) EXPECT_EQ(lost.next(), expected++);
}

TEST(Retransmissions, WhatWasRefusedMayBeAskedForAgainAtOnce) {
  Retransmissions lost;
  EXPECT_FALSE(lost.request(7, kRetransmissionReserve + 1, 50ms, kStart));
  EXPECT_TRUE(lost.request(7, 100, 50ms, kStart));
}

}  // namespace
}  // namespace porthole::rtc
