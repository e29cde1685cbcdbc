// Viewers on connections that are slower than the video: what they see stays live, and nobody else notices.
#include <gtest/gtest.h>

#include <algorithm>

#include "simulated_browser.hpp"

namespace porthole::sim {
namespace {

constexpr std::size_t kKeyframeBytes = 60'000;
constexpr std::int64_t kSlow = 1'000'000;  // Bits a second.

// 2.5 Mbit/s, and a keyframe every `seconds` and whenever one is asked for.
Simulation::Options video(std::uint32_t seconds = 2) {
  Simulation::Options options;
  options.source = {.frames_per_second = 30,
                    .keyframe_interval = 30 * seconds,
                    .keyframe_bytes = kKeyframeBytes,
                    .frame_bytes = 9'500};
  return options;
}

constexpr Duration transmission(std::size_t bytes, std::int64_t bits_per_second) {
  return Duration(1s) * static_cast<std::int64_t>(bytes) * 8 / bits_per_second;
}

// How old each frame is when it is complete, from a moment on.
class Delays {
 public:
  Delays(Simulation& simulation, SimulatedBrowser& browser) : from_(simulation.now()) {
    browser.video().on_frame = [this, &simulation](const RecognisedFrame& frame) {
      // The source began with the simulation's first moment, and delivers regularly.
      const Instant made = Instant(std::chrono::hours(1)) + Duration(1s) / 30 * frame.number;
      if (made < from_) return;
      ++frames_;
      most_ = std::max(most_, simulation.now() - made);
    };
  }

  Duration most() const { return most_; }
  std::size_t frames() const { return frames_; }

 private:
  Instant from_;
  Duration most_{};
  std::size_t frames_ = 0;
};

void expect_whole(const SimulatedBrowser& browser) {
  const auto& seen = browser.video().count();
  EXPECT_EQ(seen.corrupt, 0U);
  EXPECT_EQ(seen.undecodable, 0U);
  EXPECT_EQ(seen.backward, 0U);
  // What was never sent has no number, so nobody asks for it.
  EXPECT_EQ(seen.nacks, 0U);
  EXPECT_EQ(seen.given_up, 0U);
}

class EveryStream : public testing::TestWithParam<const char*> {};

TEST_P(EveryStream, StaysLiveOnALinkThatCarriesLessThanHalfOfTheVideo) {
  Simulation simulation(video());
  SimulatedBrowser browser(simulation, {.path = GetParam(), .link = {.stream_bits_per_second = kSlow}});
  browser.join();
  simulation.run_for(5s);
  ASSERT_TRUE(browser.is_playing());
  const Delays delays(simulation, browser);
  simulation.run_for(60s);
  // A frame waits for so long at most, then for what the stream holds, and then it must cross the link.
  const Duration below = transmission(kStreamBuffer + node::kMaxStreamBatch, kSlow);
  const Duration keyframe = transmission(kKeyframeBytes * 11 / 10, kSlow);
  EXPECT_LE(delays.most(), node::kMaxStreamDelay + below + keyframe + 50ms);
  // A keyframe every two seconds, and what follows it as long as there is time.
  EXPECT_GE(delays.frames(), 100U);
  EXPECT_LT(simulation.now() - browser.video().count().last_frame_at, 3s);
  expect_whole(browser);
}

INSTANTIATE_TEST_SUITE_P(SlowStream, EveryStream, testing::Values("turn-tcp", "ice-tcp"));

TEST(SlowStream, HoldsALinkThatIsFastEnoughToEveryFrame) {
  Simulation simulation(video());
  SimulatedBrowser browser(simulation, {.path = "turn-tcp", .link = {.stream_bits_per_second = 4 * kSlow}});
  browser.join();
  simulation.run_for(10s);
  const std::size_t missing = browser.video().count().missing;
  const Delays delays(simulation, browser);
  simulation.run_for(60s);
  EXPECT_EQ(browser.video().count().missing, missing);
  EXPECT_GE(delays.frames(), 60U * 30 - 10);
  EXPECT_LE(delays.most(), 500ms);
  expect_whole(browser);
}

TEST(SlowStream, AViewerThatCannotFollowDoesNotMakeTheSourceSendKeyframesAllTheTime) {
  Simulation simulation(video(20));
  SimulatedBrowser browser(simulation, {.path = "turn-tcp", .link = {.stream_bits_per_second = kSlow}});
  browser.join();
  simulation.run_for(60s);
  EXPECT_GE(simulation.count().keyframes_wanted, 15U);
  EXPECT_LE(simulation.count().keyframes_wanted, 60s / rtc::kPatientInterval + 3);
  EXPECT_LT(simulation.now() - browser.video().count().last_frame_at, 3s);
  expect_whole(browser);
}

TEST(SlowStream, AfterOneBadMomentTheKeyframeComesAtOnce) {
  Simulation simulation(video(20));
  SimulatedBrowser browser(simulation, {.path = "turn-tcp", .link = {.stream_bits_per_second = 50 * kSlow}});
  browser.join();
  simulation.run_for(5s);
  const std::size_t asked = simulation.count().keyframes_wanted;
  browser.set_link({.stream_bits_per_second = kSlow / 10});
  simulation.run_for(1s);
  browser.set_link({.stream_bits_per_second = 50 * kSlow});
  // What is on its way at the slow rate has to arrive first.
  simulation.run_for(transmission(kStreamBuffer + node::kMaxStreamBatch, kSlow / 10) + 500ms);
  EXPECT_EQ(simulation.count().keyframes_wanted, asked + 1);
  const Delays delays(simulation, browser);
  simulation.run_for(5s);
  EXPECT_GE(delays.frames(), 140U);
  EXPECT_LE(delays.most(), 100ms);
  EXPECT_EQ(simulation.count().keyframes_wanted, asked + 1);
  expect_whole(browser);
}

TEST(SlowStream, ThirtyViewersDoNotNoticeOneThatNeverReads) {
  Simulation simulation(video(20));
  SimulatedBrowser lazy(simulation, {.path = "turn-tcp", .link = {.stream_bits_per_second = 50 * kSlow}});
  lazy.join();
  std::vector<std::unique_ptr<SimulatedBrowser>> others;
  for (int i = 0; i < 30; ++i) {
    others.push_back(std::make_unique<SimulatedBrowser>(
        simulation, SimulatedBrowser::Options{.path = i % 3 == 0 ? "direct" : "turn-tcp"}));
    others.back()->join();
  }
  simulation.run_for(5s);
  ASSERT_TRUE(lazy.is_playing());
  lazy.set_link({.reads = false});
  std::vector<std::unique_ptr<Delays>> delays;
  for (const auto& other : others) delays.push_back(std::make_unique<Delays>(simulation, *other));
  const std::size_t asked = simulation.count().keyframes_wanted;
  simulation.run_for(20s);
  for (std::size_t i = 0; i < others.size(); ++i) {
    EXPECT_EQ(others[i]->video().count().missing, 0U);
    EXPECT_GE(delays[i]->frames(), 20U * 30 - 10);
    EXPECT_LE(delays[i]->most(), 100ms);
    expect_whole(*others[i]);
  }
  // It is not worth a keyframe, and costs what its connection holds and little more: answers to its checks.
  EXPECT_EQ(simulation.count().keyframes_wanted, asked);
  EXPECT_LE(simulation.network().most_waiting(), kStreamBuffer + node::kMaxStreamBatch + 64'000);
  EXPECT_EQ(simulation.viewer_count(), 31U);
}

}  // namespace
}  // namespace porthole::sim
