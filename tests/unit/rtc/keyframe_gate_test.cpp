#include "rtc/keyframe_gate.hpp"

#include <gtest/gtest.h>

namespace porthole::rtc {
namespace {

constexpr Instant kStart{10s};

TEST(KeyframeGate, LetsTheFirstRequestThroughAtOnce) {
  KeyframeGate gate;
  EXPECT_FALSE(gate.poll_request(kStart));
  EXPECT_EQ(gate.next_timeout(), Instant::max());
  gate.request(kStart);
  EXPECT_EQ(gate.next_timeout(), kStart);
  EXPECT_TRUE(gate.poll_request(kStart));
  EXPECT_FALSE(gate.poll_request(kStart)) << "once";
  EXPECT_EQ(gate.next_timeout(), Instant::max());
}

TEST(KeyframeGate, AThousandViewersMakeTwoRequestsASecond) {
  KeyframeGate gate;
  int requests = 0;
  for (Instant now = kStart; now < kStart + 10s; now += 1ms) {
    for (int viewer = 0; viewer < 10; ++viewer) gate.request(now);
    if (gate.poll_request(now)) ++requests;
  }
  EXPECT_EQ(requests, 20);
}

TEST(KeyframeGate, ARequestThatComesTooEarlyIsKeptForTheEndOfTheInterval) {
  KeyframeGate gate;
  gate.request(kStart);
  ASSERT_TRUE(gate.poll_request(kStart));
  gate.request(kStart + 100ms);
  EXPECT_FALSE(gate.poll_request(kStart + 499ms));
  EXPECT_EQ(gate.next_timeout(), kStart + kKeyframeInterval);
  EXPECT_TRUE(gate.poll_request(kStart + kKeyframeInterval));
}

TEST(KeyframeGate, AKeyframeThatComesByItselfAnswersThoseWhoWait) {
  KeyframeGate gate;
  gate.request(kStart);
  ASSERT_TRUE(gate.poll_request(kStart));
  gate.request(kStart + 100ms);
  gate.handle_keyframe(kStart + 200ms);
  EXPECT_EQ(gate.next_timeout(), Instant::max());
  EXPECT_FALSE(gate.poll_request(kStart + 5s));
  gate.request(kStart + 300ms);
  EXPECT_EQ(gate.next_timeout(), kStart + 200ms + kKeyframeInterval) << "counted from the keyframe";
}

TEST(KeyframeGate, ThePatientWaitLongerAfterAKeyframeUnlessSomebodyIsInAHurry) {
  KeyframeGate gate;
  gate.request(kStart, Urgency::patient);
  EXPECT_TRUE(gate.poll_request(kStart)) << "nobody is hurt by the first";
  gate.handle_keyframe(kStart);
  gate.request(kStart + 100ms, Urgency::patient);
  EXPECT_EQ(gate.next_timeout(), kStart + kPatientInterval);
  gate.request(kStart + 700ms, Urgency::prompt);
  EXPECT_EQ(gate.next_timeout(), kStart + 700ms);
  EXPECT_TRUE(gate.poll_request(kStart + 700ms));
  EXPECT_EQ(gate.next_timeout(), Instant::max()) << "one keyframe serves them all";
}

}  // namespace
}  // namespace porthole::rtc
