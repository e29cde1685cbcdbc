// Many viewers at once, coming and going by chance; and the same chance again gives the same run.
#include <gtest/gtest.h>

#include "simulated_browser.hpp"

namespace porthole::sim {
namespace {

SimulatedBrowser::Options any_browser(Random& random) {
  constexpr std::array kPaths{"direct", "turn-udp", "turn-tcp", ""};
  SimulatedBrowser::Options options;
  options.engine = random.u32() % 3 == 0 ? Engine::firefox : Engine::chromium;
  options.path = kPaths[random.u32() % kPaths.size()];
  options.link.delay = Duration(5ms) + Duration(1ms) * (random.u32() % 60);
  if (random.u32() % 4 == 0) options.link.loss = 0.02;
  if (random.u32() % 4 == 0) options.link.jitter = 8ms;
  return options;
}

Simulation::Options light_show(std::uint64_t seed) {
  Simulation::Options options;
  options.seed = seed;
  options.source = {
      .frames_per_second = 2, .keyframe_interval = 10, .keyframe_bytes = 2500, .frame_bytes = 700};
  return options;
}

// Each comes at some time, stays for a while, and goes in one of the ways that there are.
class Crowd {
 public:
  Crowd(Simulation& simulation, std::uint64_t seed) : simulation_(simulation), random_(seed) {}

  void invite(int count, Duration within) {
    for (int i = 0; i < count; ++i) {
      browsers_.push_back(std::make_unique<SimulatedBrowser>(simulation_, any_browser(random_)));
      SimulatedBrowser* browser = browsers_.back().get();
      const Duration at =
          Duration(1ms) * (random_.u32() % static_cast<std::uint32_t>(within / Duration(1ms)));
      simulation_.scheduler().after(at, [browser] { browser->join(); });
      plan_end(browser, at + 2s + Duration(1ms) * (random_.u32() % 240'000));
    }
  }

  const std::vector<std::unique_ptr<SimulatedBrowser>>& browsers() const { return browsers_; }

 private:
  void plan_end(SimulatedBrowser* browser, Duration at) {
    const std::uint32_t way = random_.u32() % 4;
    simulation_.scheduler().after(at, [browser, way] {
      if (browser->join_status() != 201) return;
      if (way <= 1) return browser->leave();
      if (way == 2) return browser->close_tab();
      browser->fall_silent();
      browser->break_turn_connection();
    });
  }

  Simulation& simulation_;
  test::SeededRandom random_;
  std::vector<std::unique_ptr<SimulatedBrowser>> browsers_;
};

TEST(Crowd, TwoHundredComeAndGoForTenMinutes) {
  Simulation simulation(light_show(7));
  Crowd crowd(simulation, 7);
  crowd.invite(200, 8min);
  simulation.run_for(10min);
  std::size_t playing = 0;
  for (const auto& browser : crowd.browsers()) {
    playing += browser->is_playing() ? 1U : 0U;
    if (!browser->is_playing()) continue;
    EXPECT_EQ(browser->video().count().corrupt, 0U);
    EXPECT_EQ(browser->video().count().backward, 0U);
    EXPECT_EQ(browser->bad_packets(), 0U);
    EXPECT_EQ(browser->early_packets(), 0U);
  }
  // Who left within the first two seconds on a bad line may have seen nothing.
  EXPECT_GE(playing, 195U);
  // Those who stayed longest, the silence of the silent, and the allocations of those whose last word was
  // lost.
  simulation.run_for(15min);
  simulation.expect_nothing_left();
}

std::uint64_t trace_of(std::uint64_t seed) {
  Simulation simulation(light_show(seed));
  Crowd crowd(simulation, seed);
  crowd.invite(20, 20s);
  simulation.run_for(60s);
  return simulation.trace();
}

TEST(Determinism, EqualSeedsGiveEqualTraces) {
  EXPECT_EQ(trace_of(1), trace_of(1));
  EXPECT_NE(trace_of(1), trace_of(2));
}

}  // namespace
}  // namespace porthole::sim
