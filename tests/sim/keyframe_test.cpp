// Keyframes are dear: few are asked for, and whoever joins starts from the last one at once.
#include <gtest/gtest.h>

#include "simulated_browser.hpp"

namespace porthole::sim {
namespace {

Simulation::Options seldom_keyframes() {
  Simulation::Options options;
  options.source.keyframe_interval = 300;  // Ten seconds.
  return options;
}

TEST(Join, InMidGopStartsFromTheCachedKeyframe) {
  Simulation simulation(seldom_keyframes());
  simulation.run_for(8s);
  SimulatedBrowser browser(simulation, {});
  browser.join();
  simulation.run_for(500ms);

  ASSERT_TRUE(browser.is_playing());
  const auto& seen = browser.video().count();
  EXPECT_TRUE(seen.began_with_keyframe);
  EXPECT_EQ(seen.first, 0U);
  EXPECT_EQ(seen.missing, 0U);
  EXPECT_EQ(seen.backward, 0U);
  // No number of a packet was left out, and none had to be asked for.
  EXPECT_EQ(seen.nacks, 0U);
  EXPECT_EQ(seen.given_up, 0U);
  EXPECT_EQ(simulation.count().keyframes_wanted, 0U);
  // A receiver must not think that the frames of eight seconds took eight seconds to arrive.
  EXPECT_LT(seen.last_timestamp - seen.first_timestamp, 90'000U);
  simulation.run_for(5s);
  EXPECT_EQ(seen.missing, 0U);
  EXPECT_EQ(seen.backward, 0U);
}

TEST(Join, TheFirstFrameIsThereWithinAFewRoundTrips) {
  Simulation simulation(seldom_keyframes());
  simulation.run_for(5s);
  SimulatedBrowser browser(simulation, {.link = {.delay = 25ms}});
  browser.join();
  Duration waited{};
  for (; waited < 2s && !browser.is_playing(); waited += 5ms) simulation.run_for(5ms);
  // HTTP, check, nomination, two of DTLS: five round trips, and what the jitter buffer waits.
  EXPECT_LE(waited, 5 * 50ms + 50ms);
}

TEST(Join, ABurstGoesOutInFewLargeBatches) {
  auto options = seldom_keyframes();
  options.source.keyframe_bytes = 100'000;
  Simulation simulation(options);
  simulation.run_for(3s);
  SimulatedBrowser browser(simulation, {});
  browser.join();
  simulation.run_for(1s);
  ASSERT_TRUE(browser.is_playing());
  EXPECT_EQ(browser.video().count().missing, 0U);
  EXPECT_GT(simulation.count().most_segments, 30U);
}

TEST(Join, BeforeTheFirstFrameWaitsForIt) {
  Simulation simulation{{}};
  simulation.source().pause();
  SimulatedBrowser browser(simulation, {.path = "turn-tcp"});
  browser.join();
  simulation.run_for(20s);
  EXPECT_FALSE(browser.is_playing());
  EXPECT_EQ(simulation.viewer_count(), 1U);
  simulation.source().start();
  simulation.run_for(1s);
  ASSERT_TRUE(browser.is_playing());
  EXPECT_EQ(browser.video().count().first, 0U);
}

TEST(Source, APauseIsNoEnd) {
  Simulation simulation(seldom_keyframes());
  SimulatedBrowser direct(simulation, {});
  SimulatedBrowser relayed(simulation, {.engine = Engine::firefox, .path = "turn-udp"});
  direct.join();
  relayed.join();
  simulation.run_for(5s);
  simulation.source().pause();
  // Longer than a permission lasts that only traffic renews.
  simulation.run_for(10min);
  EXPECT_EQ(simulation.viewer_count(), 2U);
  simulation.source().start();
  simulation.run_for(5s);
  for (const SimulatedBrowser* browser : {&direct, &relayed}) {
    const auto& seen = browser->video().count();
    EXPECT_LT(simulation.now() - seen.last_frame_at, 200ms);
    EXPECT_EQ(seen.missing, 0U);
    EXPECT_EQ(seen.backward, 0U);
  }
}

TEST(PictureLoss, StormsLeadToFewKeyframeRequests) {
  Simulation simulation(seldom_keyframes());
  std::vector<std::unique_ptr<SimulatedBrowser>> browsers;
  for (int i = 0; i < 5; ++i) {
    browsers.push_back(std::make_unique<SimulatedBrowser>(simulation, SimulatedBrowser::Options{}));
    browsers.back()->join();
  }
  simulation.run_for(5s);
  ASSERT_EQ(simulation.count().keyframes_wanted, 0U);
  for (int tenths = 0; tenths < 100; ++tenths) {
    for (const auto& browser : browsers) browser->send_picture_losses(20);
    simulation.run_for(100ms);
  }
  // Ten seconds, half a second apart (rtc::kKeyframeInterval).
  EXPECT_LE(simulation.count().keyframes_wanted, 21U);
  EXPECT_GE(simulation.count().keyframes_wanted, 10U);
  for (const auto& browser : browsers) EXPECT_EQ(browser->video().count().missing, 0U);
}

TEST(PictureLoss, OneRequestBringsOneKeyframeSoon) {
  Simulation simulation(seldom_keyframes());
  SimulatedBrowser browser(simulation, {});
  browser.join();
  simulation.run_for(5s);
  bool came = false;
  browser.video().on_frame = [&](const RecognisedFrame& frame) { came = came || frame.keyframe; };
  browser.send_picture_losses(1);
  simulation.run_for(100ms);
  EXPECT_TRUE(came);
  EXPECT_EQ(simulation.count().keyframes_wanted, 1U);
}

}  // namespace
}  // namespace porthole::sim
