// Two hours of watching through TURN: refreshes, permissions and channels, each renewed as browsers do it.
#include <gtest/gtest.h>

#include "simulated_browser.hpp"

namespace porthole::sim {
namespace {

// Few frames, for the machine's sake. In one run they are so large that sequence numbers go round, and SRTP's
// rollover counter with them.
Simulation::Options long_show(bool many_packets) {
  Simulation::Options options;
  options.source = {.frames_per_second = 3,
                    .keyframe_interval = 50,
                    .keyframe_bytes = 3000,
                    .frame_bytes = many_packets ? 3800U : 900U};
  return options;
}

class WatchForTwoHours : public testing::TestWithParam<std::tuple<Engine, const char*>> {
 protected:
  WatchForTwoHours() : simulation(long_show(has_many_packets())), browser(simulation, options()) {}

  static SimulatedBrowser::Options options() {
    SimulatedBrowser::Options made;
    made.engine = std::get<0>(GetParam());
    made.path = std::get<1>(GetParam());
    return made;
  }

  static bool is_firefox() { return std::get<0>(GetParam()) == Engine::firefox; }
  static bool has_many_packets() {
    return !is_firefox() && std::string_view(std::get<1>(GetParam())) == "turn-udp";
  }

  Simulation simulation;
  SimulatedBrowser browser;
};

TEST_P(WatchForTwoHours, EveryFrameArrives) {
  simulation.run_for(5s);
  browser.join();
  simulation.run_for(2h);

  ASSERT_TRUE(browser.is_playing());
  const auto& seen = browser.video().count();
  EXPECT_TRUE(seen.began_with_keyframe);
  EXPECT_GT(seen.frames, 21'580U);
  EXPECT_EQ(seen.missing, 0U);
  EXPECT_EQ(seen.corrupt, 0U);
  EXPECT_EQ(seen.backward, 0U);
  EXPECT_EQ(seen.given_up, 0U);
  EXPECT_GT(seen.sender_reports, 7000U);
  EXPECT_EQ(browser.bad_packets(), 0U);
  EXPECT_EQ(browser.early_packets(), 0U);
  EXPECT_EQ(browser.ice().bad_answers(), 0U);
  EXPECT_LT(simulation.now() - seen.last_frame_at, 500ms);

  EXPECT_GT(seen.packets, has_many_packets() ? 65'536U : 21'580U);

  const auto& turn = browser.turn()->count();
  EXPECT_TRUE(browser.turn()->errors().empty());
  // Ten minutes less one, or an hour less ten seconds.
  EXPECT_EQ(turn.refreshes, is_firefox() ? 2U : 13U);
  if (is_firefox()) {
    EXPECT_EQ(turn.channel_binds, 0U);
    EXPECT_EQ(turn.received_in_channels, 0U);
    EXPECT_GE(turn.permissions, 23U);
  } else {
    EXPECT_GE(turn.channel_binds, 29U);
    EXPECT_LT(turn.received_in_indications, 20U);
  }

  browser.leave();
  simulation.run_for(5s);
  EXPECT_TRUE(browser.video().count().said_bye);
  simulation.expect_nothing_left();
}

INSTANTIATE_TEST_SUITE_P(ThroughTurn, WatchForTwoHours,
                         testing::Combine(testing::Values(Engine::chromium, Engine::firefox),
                                          testing::Values("turn-udp", "turn-tcp")),
                         [](const auto& test) {
                           const bool firefox = std::get<0>(test.param) == Engine::firefox;
                           const bool tcp = std::string_view(std::get<1>(test.param)) == "turn-tcp";
                           return std::string(firefox ? "Firefox" : "Chromium") +
                                  (tcp ? "OverTcp" : "OverUdp");
                         });

}  // namespace
}  // namespace porthole::sim
