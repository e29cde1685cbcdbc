// How viewers come and go: everything that is held for one is freed when it is gone, however it goes.
#include <gtest/gtest.h>

#include "simulated_browser.hpp"

namespace porthole::sim {
namespace {

using node::ViewerEnd;

class LifeAndDeath : public testing::TestWithParam<const char*> {
 protected:
  LifeAndDeath() : browser(simulation, {.path = GetParam()}) {}

  std::size_t gone(ViewerEnd reason) const {
    const auto& ends = simulation.count().viewers_gone;
    const auto found = ends.find(reason);
    return found == ends.end() ? 0 : found->second;
  }
  bool is_relayed() const { return std::string_view(GetParam()).starts_with("turn"); }

  Simulation simulation{{}};
  SimulatedBrowser browser;
};

TEST_P(LifeAndDeath, AViewerThatFallsSilentIsGoneAfterThirtySeconds) {
  browser.join();
  simulation.run_for(10s);
  ASSERT_TRUE(browser.is_playing());
  browser.fall_silent();
  // The last check came at most 2.5 s ago (RFC 7675 section 5.1: 30 s).
  simulation.run_for(27s);
  EXPECT_EQ(simulation.viewer_count(), 1U);
  simulation.run_for(4s);
  EXPECT_EQ(gone(ViewerEnd::consent_lost), 1U);
  simulation.expect_nothing_left();
}

TEST_P(LifeAndDeath, DeleteFreesAtOnceAndSaysGoodbye) {
  browser.join();
  simulation.run_for(5s);
  ASSERT_TRUE(browser.is_playing());
  browser.leave();
  simulation.run_for(11ms);
  simulation.expect_nothing_left();
  EXPECT_EQ(gone(ViewerEnd::deleted), 1U);
  simulation.run_for(1s);
  EXPECT_TRUE(browser.video().count().said_bye);
  EXPECT_EQ(browser.dtls()->state(), crypto::DtlsSession::State::closed);
  EXPECT_EQ(browser.video().count().corrupt, 0U);
}

TEST_P(LifeAndDeath, AClosedTabIsGoneAtOnce) {
  browser.join();
  simulation.run_for(5s);
  browser.close_tab();
  simulation.run_for(1s);
  EXPECT_EQ(gone(ViewerEnd::left), 1U);
  simulation.expect_nothing_left();
}

TEST_P(LifeAndDeath, ShutDownSaysGoodbyeToAll) {
  SimulatedBrowser second(simulation, {.path = GetParam()});
  browser.join();
  second.join();
  simulation.run_for(5s);
  simulation.shut_down();
  simulation.run_for(1s);
  EXPECT_EQ(gone(ViewerEnd::shut_down), 2U);
  EXPECT_EQ(simulation.viewer_count(), 0U);
  EXPECT_TRUE(browser.video().count().said_bye);
  EXPECT_TRUE(second.video().count().said_bye);
}

TEST_P(LifeAndDeath, ACertificateOtherThanThePromisedOneEndsItAll) {
  SimulatedBrowser liar(simulation, {.path = GetParam(), .claims_other_certificate = true});
  liar.join();
  simulation.run_for(3s);
  EXPECT_EQ(gone(ViewerEnd::handshake_failed), 1U);
  EXPECT_FALSE(liar.is_playing());
  simulation.expect_nothing_left();
}

TEST_P(LifeAndDeath, TwoBehindOneNatAddressDoNotMix) {
  const IpAddress nat = simulation.new_client_ip();
  SimulatedBrowser one(simulation, {.path = GetParam(), .ip = nat});
  SimulatedBrowser other(simulation, {.path = GetParam(), .ip = nat});
  one.join();
  other.join();
  simulation.run_for(10s);
  for (const SimulatedBrowser* watching : {&one, &other}) {
    ASSERT_TRUE(watching->is_playing());
    EXPECT_EQ(watching->video().count().missing, 0U);
    EXPECT_EQ(watching->bad_packets(), 0U);
  }
  one.leave();
  simulation.run_for(10s);
  EXPECT_LT(simulation.now() - other.video().count().last_frame_at, 200ms);
  EXPECT_EQ(other.video().count().missing, 0U);
  EXPECT_EQ(simulation.viewer_count(), 1U);
  EXPECT_EQ(simulation.allocation_count(), is_relayed() ? 1U : 0U);
}

INSTANTIATE_TEST_SUITE_P(Paths, LifeAndDeath, testing::Values("direct", "turn-udp", "turn-tcp"));

TEST(Setup, AViewerThatNeverChecksIsGoneAfterTheSetupTime) {
  Simulation simulation{{}};
  SimulatedBrowser browser(simulation, {.never_checks = true});
  browser.join();
  simulation.run_for(node::kSetupTimeout - 1s);
  EXPECT_EQ(simulation.viewer_count(), 1U);
  simulation.run_for(2s);
  EXPECT_EQ(simulation.count().viewers_gone.at(ViewerEnd::setup_timeout), 1U);
  simulation.expect_nothing_left();
}

TEST(Setup, AViewerWhoseHandshakeNeverEndsIsGoneInTime) {
  Simulation simulation{{}};
  SimulatedBrowser browser(simulation, {.ignores_dtls = true});
  browser.join();
  simulation.run_for(node::kSetupTimeout + 1s);
  EXPECT_EQ(simulation.viewer_count(), 0U);
}

TEST(Setup, OneTooManyIsTurnedAwayAndRoomComesBack) {
  Simulation simulation({.max_viewers = 2});
  std::vector<std::unique_ptr<SimulatedBrowser>> browsers;
  for (int i = 0; i < 3; ++i) {
    browsers.push_back(std::make_unique<SimulatedBrowser>(simulation, SimulatedBrowser::Options{}));
    browsers.back()->join();
    simulation.run_for(1s);
  }
  EXPECT_EQ(browsers[2]->join_status(), 503);
  browsers[0]->leave();
  simulation.run_for(1s);
  SimulatedBrowser next(simulation, {});
  next.join();
  simulation.run_for(1s);
  EXPECT_TRUE(next.is_playing());
}

// The browser's TCP connection breaks while nothing else says so.
TEST(Setup, ABrokenTurnConnectionFreesItsAllocationAtOnceAndTheViewerInTime) {
  Simulation simulation{{}};
  SimulatedBrowser browser(simulation, {.path = "turn-tcp"});
  browser.join();
  simulation.run_for(5s);
  ASSERT_TRUE(browser.is_playing());
  browser.break_turn_connection();
  simulation.run_for(1s);
  EXPECT_EQ(simulation.allocation_count(), 0U);
  simulation.run_for(31s);
  simulation.expect_nothing_left();
}

}  // namespace
}  // namespace porthole::sim
