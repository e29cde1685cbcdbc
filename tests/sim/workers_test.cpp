// Several workers share the port: wherever the packets of a viewer land, they reach it.
#include <gtest/gtest.h>

#include "simulated_browser.hpp"

namespace porthole::sim {
namespace {

Simulation::Options workers(std::size_t count, std::uint64_t seed = 1) {
  Simulation::Options options;
  options.seed = seed;
  options.workers = count;
  return options;
}

// All of whose packets land with that worker.
SimulatedBrowser::Options client_at(Simulation& simulation, std::size_t worker,
                                    Engine engine = Engine::chromium, const char* path = "direct") {
  SimulatedBrowser::Options options{.engine = engine, .path = path, .ip = simulation.new_client_ip()};
  simulation.land(options.ip, worker);
  return options;
}

void expect_flawless(const SimulatedBrowser& browser, Instant now) {
  ASSERT_TRUE(browser.is_playing());
  EXPECT_LT(now - browser.video().count().last_frame_at, 200ms);
  EXPECT_EQ(browser.video().count().missing, 0U);
  EXPECT_EQ(browser.video().count().corrupt, 0U);
  EXPECT_EQ(browser.early_packets(), 0U);
}

// How long it takes to join a server with one worker.
Duration alone(Engine engine, const char* path) {
  Simulation simulation(workers(1));
  SimulatedBrowser browser(simulation, client_at(simulation, 0, engine, path));
  browser.join();
  simulation.run_for(5s);
  return simulation.viewers_connected.back().joined_in;
}

class EveryRung : public testing::TestWithParam<const char*> {};

// The page from the first, packets to the second: the viewer lives where its packets arrive.
TEST_P(EveryRung, LeadsToTheWorkerWhereThePacketsLand) {
  Simulation simulation(workers(2));
  for (const Engine engine : {Engine::chromium, Engine::firefox}) {
    SimulatedBrowser browser(simulation, client_at(simulation, 1, engine, GetParam()));
    simulation.send_request_to(0);
    browser.join();
    simulation.run_for(5s);
    expect_flawless(browser, simulation.now());
    EXPECT_EQ(simulation.viewers_of(0), 0U);
    EXPECT_EQ(simulation.viewers_of(1), 1U);
    EXPECT_LT(simulation.viewers_connected.back().joined_in, alone(engine, GetParam()) + 1ms);

    // And so does what its page asks for later.
    simulation.send_request_to(0);
    browser.leave();
    simulation.run_for(3s);
    EXPECT_EQ(simulation.viewer_count(), 0U);
  }
  simulation.run_for(1s);
  simulation.expect_nothing_left();
}

INSTANTIATE_TEST_SUITE_P(Workers, EveryRung, testing::Values("direct", "ice-tcp", "turn-udp", "turn-tcp"));

// Its paths end with three different workers, and its page is another's.
TEST(Workers, ARaceOverAllOfThemEndsOnTheDirectPath) {
  Simulation simulation(workers(4, 4));
  SimulatedBrowser browser(simulation, {.path = ""});
  browser.join();
  simulation.run_for(10s);
  expect_flawless(browser, simulation.now());
  EXPECT_FALSE(browser.ice().selected()->relayed);
  const std::size_t home = simulation.landing(browser.direct_address());
  EXPECT_NE(simulation.landing(browser.turn_address()), home);
  EXPECT_EQ(simulation.viewers_of(home), 1U);
}

TEST(Workers, AViewerFollowsItsPathToAnotherWorkerAndMissesNoFrame) {
  Simulation simulation(workers(2));
  SimulatedBrowser browser(simulation, client_at(simulation, 0));
  browser.join();
  simulation.run_for(5s);
  ASSERT_EQ(simulation.viewers_of(0), 1U);
  browser.rebind_nat();
  simulation.land(browser.direct_address().ip, 1);
  simulation.run_for(10s);
  EXPECT_EQ(simulation.viewers_of(1), 1U);
  EXPECT_LT(simulation.now() - browser.video().count().last_frame_at, 200ms);
  EXPECT_EQ(browser.video().count().corrupt, 0U);
  browser.leave();
  simulation.run_for(2s);
  simulation.expect_nothing_left();
}

TEST(Workers, APathThatDiesIsFollowedToTheWorkerOfTheNextBest) {
  Simulation simulation(workers(3, 5));
  SimulatedBrowser browser(simulation, {.path = ""});
  browser.join();
  simulation.run_for(10s);
  ASSERT_EQ(simulation.viewers_of(simulation.landing(browser.direct_address())), 1U);
  browser.set_link({.loss = 1});
  simulation.run_for(40s);
  ASSERT_TRUE(browser.ice().selected()->tcp);
  EXPECT_LT(simulation.now() - browser.video().count().last_frame_at, 200ms);
  EXPECT_EQ(simulation.viewer_count(), 1U);
}

TEST(Workers, AnIceRestartFindsTheViewerWhereverItIs) {
  Simulation simulation(workers(3, 2));
  SimulatedBrowser browser(simulation, client_at(simulation, 1));
  simulation.send_request_to(0);
  browser.join();
  simulation.run_for(3s);
  for (std::size_t worker = 0; worker < 3; ++worker) {
    simulation.send_request_to(worker);
    browser.restart_ice();
    simulation.land(browser.direct_address().ip, worker);
    simulation.run_for(5s);
    EXPECT_LT(simulation.now() - browser.video().count().last_frame_at, 200ms);
    EXPECT_EQ(browser.video().count().corrupt, 0U);
    EXPECT_EQ(simulation.viewers_of(worker), 1U);
  }
  browser.leave();
  simulation.run_for(2s);
  simulation.expect_nothing_left();
}

TEST(Workers, ACrowdIsSharedAndLeavesNothingBehind) {
  Simulation simulation(workers(5, 9));
  std::vector<std::unique_ptr<SimulatedBrowser>> browsers;
  constexpr std::array kPaths{"direct", "turn-udp", "turn-tcp", "ice-tcp", ""};
  for (std::size_t i = 0; i < 40; ++i) {
    browsers.push_back(std::make_unique<SimulatedBrowser>(
        simulation, SimulatedBrowser::Options{.engine = i % 3 == 0 ? Engine::firefox : Engine::chromium,
                                              .path = kPaths[i % kPaths.size()]}));
    browsers.back()->join();
    simulation.run_for(50ms);
  }
  simulation.run_for(10s);
  for (const auto& browser : browsers) expect_flawless(*browser, simulation.now());
  EXPECT_EQ(simulation.viewer_count(), 40U);
  for (std::size_t worker = 0; worker < 5; ++worker) EXPECT_GT(simulation.viewers_of(worker), 0U);
  // Whoever lives where its packets land has nothing carried to it: what is counted here came before that.
  const std::size_t carried = simulation.count().packets_carried;
  simulation.run_for(10s);
  EXPECT_LT(simulation.count().packets_carried - carried, 40U * 10U * 2U);

  for (std::size_t i = 0; i < browsers.size(); ++i) {
    if (i % 2 == 0) {
      browsers[i]->leave();
    } else {
      browsers[i]->fall_silent();
      browsers[i]->break_turn_connection();
    }
  }
  simulation.run_for(15min);
  simulation.expect_nothing_left();
}

TEST(Workers, TheHouseIsFullForAllOfThemTogether) {
  Simulation::Options options = workers(3);
  options.max_viewers = 2;
  Simulation simulation(options);
  std::vector<std::unique_ptr<SimulatedBrowser>> browsers;
  const auto one_more = [&] {
    browsers.push_back(
        std::make_unique<SimulatedBrowser>(simulation, SimulatedBrowser::Options{.path = "direct"}));
    browsers.back()->join();
    simulation.run_for(1s);
    return browsers.back()->join_status();
  };
  EXPECT_EQ(one_more(), 201);
  EXPECT_EQ(one_more(), 201);
  EXPECT_EQ(one_more(), 503);
  HttpRequest streams;
  streams.method = "GET";
  streams.path = "/api/v1/streams";
  EXPECT_NE(simulation.http(streams).body.find("\"viewers\":2"), std::string::npos);
  browsers[0]->leave();
  simulation.run_for(1s);
  EXPECT_EQ(one_more(), 201);
}

// An encoder that stopped and started again would show in the picture.
TEST(Workers, ARenditionIsNotInterruptedWhenItsOnlyViewerMoves) {
  Simulation simulation(workers(2));
  SimulatedBrowser browser(simulation, client_at(simulation, 1, Engine::firefox));
  simulation.send_request_to(0);
  browser.join();
  simulation.run_for(3s);
  ASSERT_TRUE(browser.is_playing());
  EXPECT_EQ(browser.codec(), VideoCodec::vp8);
  EXPECT_EQ(simulation.source().rendition(VideoCodec::vp8).starts, 1U);
  // Nor does it go on for a viewer that is gone, with the worker that the viewer came from.
  browser.leave();
  simulation.run_for(2s);
  EXPECT_FALSE(simulation.source().rendition(VideoCodec::vp8).wanted);
}

TEST(Workers, NobodyTakesARouteThatIsAnothersAtAnotherWorker) {
  Simulation simulation(workers(2));
  SimulatedBrowser victim(simulation, client_at(simulation, 0));
  SimulatedBrowser thief(simulation, client_at(simulation, 1));
  Buffer check;
  thief.on_sent = [&](Bytes bytes) {
    if (check.empty() && !bytes.empty() && bytes[0] == 0) check.assign(bytes.begin(), bytes.end());
  };
  victim.join();
  thief.join();
  simulation.run_for(5s);
  ASSERT_FALSE(check.empty());
  const std::size_t frames = victim.video().count().frames;
  for (int i = 0; i < 50; ++i) {
    simulation.network().forge(victim.direct_address(), simulation.server(), check);
    simulation.run_for(100ms);
  }
  EXPECT_GT(victim.video().count().frames, frames + 100);
  expect_flawless(victim, simulation.now());
}

}  // namespace
}  // namespace porthole::sim
