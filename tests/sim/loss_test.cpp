// Networks that lose, double and reorder packets: whoever watches gets every frame all the same.
#include <gtest/gtest.h>

#include "simulated_browser.hpp"

namespace porthole::sim {
namespace {

constexpr LinkQuality kBadLink{.delay = 30ms, .jitter = 25ms, .loss = 0.05, .duplication = 0.01};

void expect_whole(const SimulatedBrowser& browser) {
  ASSERT_TRUE(browser.is_playing());
  const auto& seen = browser.video().count();
  EXPECT_EQ(seen.missing, 0U);
  EXPECT_EQ(seen.corrupt, 0U);
  EXPECT_EQ(seen.backward, 0U);
  EXPECT_EQ(seen.given_up, 0U);
  EXPECT_EQ(browser.bad_packets(), 0U);
}

class BadNetwork : public testing::TestWithParam<int> {};

TEST_P(BadNetwork, RetransmissionMakesEveryFrameWhole) {
  Simulation simulation({.seed = static_cast<std::uint64_t>(GetParam())});
  SimulatedBrowser direct(simulation, {.link = kBadLink});
  SimulatedBrowser relayed(simulation, {.engine = Engine::firefox, .path = "turn-udp", .link = kBadLink});
  simulation.run_for(3s);
  direct.join();
  relayed.join();
  simulation.run_for(60s);
  for (SimulatedBrowser* browser : {&direct, &relayed}) {
    expect_whole(*browser);
    const auto& seen = browser->video().count();
    EXPECT_GT(seen.frames, 30U * 55);
    EXPECT_GT(seen.retransmitted, 60U);
    EXPECT_LT(simulation.now() - seen.last_frame_at, 1s);
  }
}

TEST_P(BadNetwork, AnyoneGetsThroughInTime) {
  LinkQuality terrible = kBadLink;
  terrible.loss = 0.2;
  Simulation simulation({.seed = 100 + static_cast<std::uint64_t>(GetParam())});
  std::vector<std::unique_ptr<SimulatedBrowser>> browsers;
  for (const Engine engine : {Engine::chromium, Engine::firefox}) {
    for (const char* path : {"direct", "turn-udp", "turn-tcp", ""}) {
      browsers.push_back(std::make_unique<SimulatedBrowser>(
          simulation, SimulatedBrowser::Options{.engine = engine, .path = path, .link = terrible}));
      browsers.back()->join();
    }
  }
  simulation.run_for(12s);
  for (const auto& browser : browsers) EXPECT_TRUE(browser->is_playing());
}

INSTANTIATE_TEST_SUITE_P(Seeds, BadNetwork, testing::Range(1, 4));

TEST(Network, OvertakingAloneCostsNothing) {
  Simulation simulation({});
  SimulatedBrowser browser(simulation, {.link = {.delay = 20ms}});
  browser.join();
  // What overtakes the end of the handshake cannot be decrypted and is lost indeed.
  simulation.run_for(2s);
  browser.set_link({.delay = 20ms, .jitter = 4ms});
  simulation.run_for(20s);
  expect_whole(browser);
  EXPECT_EQ(browser.video().count().picture_losses, 0U);
}

// A hole in the network longer than the history: the viewer asks for a keyframe and goes on.
TEST(Network, AViewerWhoMissedSecondsGoesOnWithAKeyframe) {
  Simulation simulation({});
  SimulatedBrowser browser(simulation, {});
  browser.join();
  simulation.run_for(5s);
  const std::uint32_t before = browser.video().count().last;
  browser.set_link({.loss = 1});
  simulation.run_for(8s);
  browser.set_link({});
  simulation.run_for(8s);
  const auto& seen = browser.video().count();
  EXPECT_GT(seen.last, before + 15 * 30);
  EXPECT_EQ(seen.corrupt, 0U);
  EXPECT_LT(simulation.now() - seen.last_frame_at, 200ms);
}

}  // namespace
}  // namespace porthole::sim
