// A viewer whose address changes goes on; nobody else can move it.
#include <gtest/gtest.h>

#include "simulated_browser.hpp"

namespace porthole::sim {
namespace {

class AddressChange : public testing::TestWithParam<Engine> {
 protected:
  AddressChange() : browser(simulation, {.engine = GetParam()}) {
    browser.join();
    simulation.run_for(5s);
  }

  Simulation simulation{{}};
  SimulatedBrowser browser;
};

TEST_P(AddressChange, TheNextCheckFromTheNewAddressBringsTheMediaThere) {
  const SocketAddress old = browser.direct_address();
  browser.rebind_nat();
  // Firefox checks at least every 6 s, and says nothing of nomination then.
  simulation.run_for(10s);
  const std::size_t lost = simulation.network().sent_to_nobody(old);
  EXPECT_LT(simulation.now() - browser.video().count().last_frame_at, 200ms);
  simulation.run_for(10s);
  // Nothing more goes to where it was.
  EXPECT_EQ(simulation.network().sent_to_nobody(old), lost);
  EXPECT_EQ(simulation.viewer_count(), 1U);
  EXPECT_EQ(browser.ice().bad_answers(), 0U);
}

TEST_P(AddressChange, ALifeOfChangingAddressesKeepsPlaying) {
  for (int change = 0; change < 40; ++change) {
    browser.rebind_nat();
    simulation.run_for(15s);
    ASSERT_LT(simulation.now() - browser.video().count().last_frame_at, 200ms) << change;
  }
  browser.leave();
  simulation.run_for(2s);
  simulation.expect_nothing_left();
}

INSTANTIATE_TEST_SUITE_P(Engines, AddressChange, testing::Values(Engine::chromium, Engine::firefox));

class Stranger : public testing::Test {
 protected:
  Stranger() : browser(simulation, {}) {
    browser.join();
    simulation.run_for(5s);
    // So that whatever is sent to the stranger is counted.
    before = simulation.network().sent_to_nobody(stranger);
  }

  void expect_no_change() {
    simulation.run_for(5s);
    EXPECT_EQ(simulation.network().sent_to_nobody(stranger), before);
    EXPECT_LT(simulation.now() - browser.video().count().last_frame_at, 200ms);
    EXPECT_EQ(browser.video().count().missing, 0U);
    EXPECT_EQ(simulation.viewer_count(), 1U);
  }

  Simulation simulation{{}};
  SimulatedBrowser browser;
  SocketAddress stranger{IpAddress::v4(0xC000'0209), 4000};
  Buffer check;
  std::size_t before = 0;
};

TEST_F(Stranger, DtlsAndRtpFromElsewhereMoveNobody) {
  Buffer packet(200, 0xAB);
  for (const int first : {20, 22, 23, 63, 128, 144, 191}) {
    for (const int second : {96, 200, 201, 205, 206}) {
      packet[0] = static_cast<std::uint8_t>(first);
      packet[1] = static_cast<std::uint8_t>(second);
      simulation.network().forge(stranger, simulation.server(), packet);
      simulation.network().forge(browser.direct_address(), simulation.server(), packet);
    }
  }
  expect_no_change();
}

TEST_F(Stranger, AReplayedCheckMovesMediaOnlyUntilTheViewersOwn) {
  // Whoever can read a viewer's packets can send its check from another address (RFC 8445 section 19.5.1
  // accepts that): the viewer's next check or report takes the media back.
  browser.on_sent = [this](Bytes packet) {
    if (!packet.empty() && packet[0] == 0) check.assign(packet.begin(), packet.end());
  };
  simulation.run_for(5s);
  browser.on_sent = nullptr;
  ASSERT_FALSE(check.empty());
  simulation.network().forge(stranger, simulation.server(), check);
  simulation.run_for(5s);
  const std::size_t stolen = simulation.network().sent_to_nobody(stranger);
  simulation.run_for(20s);
  EXPECT_EQ(simulation.network().sent_to_nobody(stranger), stolen);
  EXPECT_LT(simulation.now() - browser.video().count().last_frame_at, 200ms);
}

TEST_F(Stranger, AForgedCheckMovesNobodyAndIsNotAnswered) {
  browser.on_sent = [this](Bytes packet) {
    if (!packet.empty() && packet[0] == 0) check.assign(packet.begin(), packet.end());
  };
  simulation.run_for(5s);
  browser.on_sent = nullptr;
  ASSERT_FALSE(check.empty());
  // Without its FINGERPRINT a check is still a check: see the replayed one.
  const std::size_t fingerprint = check.size() - 8;
  for (std::size_t at = 8; at < check.size(); ++at) {
    if (at == fingerprint || at == fingerprint + 1) continue;
    Buffer forged = check;
    forged[at] ^= 1U;
    simulation.network().forge(stranger, simulation.server(), forged);
  }
  expect_no_change();
}

}  // namespace
}  // namespace porthole::sim
