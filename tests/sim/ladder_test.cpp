// The ways in: each rung alone, the race between them, an ICE restart, IPv6, and both DTLS roles.
#include <gtest/gtest.h>

#include "simulated_browser.hpp"

namespace porthole::sim {
namespace {

TEST(Ladder, EveryRungIsNamedForWhatItIs) {
  Simulation simulation{{}};
  const std::vector<std::pair<const char*, std::string>> rungs{{"direct", "direct UDP"},
                                                               {"ice-tcp", "direct TCP"},
                                                               {"turn-udp", "TURN over UDP"},
                                                               {"turn-tcp", "TURN over TCP"}};
  for (const auto& [path, name] : rungs) {
    SimulatedBrowser browser(simulation, {.path = path});
    browser.join();
    simulation.run_for(2s);
    ASSERT_TRUE(browser.is_playing()) << path;
    EXPECT_EQ(simulation.viewers_connected.back().path, name);
    EXPECT_LT(simulation.viewers_connected.back().joined_in, 200ms);
  }
}

TEST(Ladder, TheRaceEndsOnTheDirectPath) {
  Simulation simulation{{}};
  SimulatedBrowser chromium(simulation, {.path = ""});
  SimulatedBrowser firefox(simulation, {.engine = Engine::firefox, .path = ""});
  chromium.join();
  firefox.join();
  simulation.run_for(10s);
  for (const SimulatedBrowser* browser : {&chromium, &firefox}) {
    ASSERT_TRUE(browser->is_playing());
    EXPECT_FALSE(browser->ice().selected()->relayed);
    EXPECT_FALSE(browser->ice().selected()->tcp);
    EXPECT_EQ(browser->video().count().missing, 0U);
  }
}

// UDP dies in mid-stream, as when a firewall changes its mind, and then a connection: there are others.
TEST(Ladder, APathThatDiesIsFollowedByTheNextBest) {
  Simulation simulation{{}};
  SimulatedBrowser browser(simulation, {.path = ""});
  browser.join();
  simulation.run_for(10s);
  ASSERT_FALSE(browser.ice().selected()->tcp);
  browser.set_link({.loss = 1});
  simulation.run_for(40s);
  ASSERT_TRUE(browser.ice().selected()->tcp);
  EXPECT_LT(simulation.now() - browser.video().count().last_frame_at, 200ms);
  browser.break_ice_connection();
  simulation.run_for(40s);
  ASSERT_TRUE(browser.ice().selected()->relayed);
  EXPECT_EQ(simulation.viewer_count(), 1U);
  EXPECT_LT(simulation.now() - browser.video().count().last_frame_at, 200ms);
}

TEST(Restart, GoesOnWithNewCredentialsFromANewNetwork) {
  Simulation simulation{{}};
  SimulatedBrowser browser(simulation, {});
  browser.join();
  simulation.run_for(5s);
  std::string etag = browser.etag();
  for (int restart = 0; restart < 20; ++restart) {
    browser.restart_ice();
    simulation.run_for(10s);
    EXPECT_NE(browser.etag(), etag);
    etag = browser.etag();
    ASSERT_LT(simulation.now() - browser.video().count().last_frame_at, 200ms) << restart;
    EXPECT_EQ(browser.ice().bad_answers(), 0U);
  }
  browser.leave();
  simulation.run_for(2s);
  simulation.expect_nothing_left();
}

TEST(Restart, TheOldPathCarriesMediaUntilThereIsANewOne) {
  Simulation simulation{{}};
  SimulatedBrowser browser(simulation, {});
  browser.join();
  simulation.run_for(5s);
  browser.restart_ice(SimulatedBrowser::Network::same);
  simulation.run_for(5s);
  const auto& seen = browser.video().count();
  EXPECT_EQ(seen.missing, 0U);
  EXPECT_EQ(seen.nacks, 0U);
  EXPECT_EQ(seen.picture_losses, 0U);
}

TEST(Family, Ipv6IsServedDirectAndRelayed) {
  Simulation simulation({.addresses = {*SocketAddress::parse("[2001:db8::10]:8443")}});
  std::vector<std::unique_ptr<SimulatedBrowser>> browsers;
  for (const char* path : {"direct", "ice-tcp", "turn-udp", "turn-tcp"}) {
    for (const Engine engine : {Engine::chromium, Engine::firefox}) {
      browsers.push_back(std::make_unique<SimulatedBrowser>(
          simulation, SimulatedBrowser::Options{
                          .engine = engine,
                          .path = path,
                          .ip = *IpAddress::parse("2001:db8:1::" + std::to_string(browsers.size() + 1))}));
      browsers.back()->join();
    }
  }
  simulation.run_for(10s);
  for (const auto& browser : browsers) {
    ASSERT_TRUE(browser->is_playing());
    EXPECT_EQ(browser->video().count().missing, 0U);
    EXPECT_EQ(browser->ice().bad_answers(), 0U);
  }
}

TEST(Dtls, EitherRoleThatABrowserInsistsOnIsFine) {
  for (const char* setup : {"active", "passive", "actpass"}) {
    for (const char* path : {"direct", "ice-tcp", "turn-tcp"}) {
      Simulation simulation{{}};
      SimulatedBrowser browser(simulation, {.path = path, .link = {.loss = 0.1}, .setup = setup});
      browser.join();
      simulation.run_for(8s);
      ASSERT_TRUE(browser.is_playing()) << setup << " " << path;
      browser.leave();
      simulation.run_for(32s);
      EXPECT_EQ(simulation.viewer_count(), 0U);
    }
  }
}

TEST(Srtp, TheOlderProfilePlaysToo) {
  Simulation simulation{{}};
  simulation.dtls().profile = crypto::SrtpProfile::aes128_cm_sha1_80;
  SimulatedBrowser browser(simulation, {.engine = Engine::firefox, .path = "turn-tcp"});
  browser.join();
  simulation.run_for(5s);
  ASSERT_TRUE(browser.is_playing());
  EXPECT_EQ(browser.video().count().missing, 0U);
  EXPECT_EQ(browser.bad_packets(), 0U);
}

}  // namespace
}  // namespace porthole::sim
