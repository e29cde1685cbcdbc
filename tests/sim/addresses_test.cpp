// Where the server is: both families at once, addresses that browsers refuse, and port mappings.
#include <gtest/gtest.h>

#include "simulated_browser.hpp"

namespace porthole::sim {
namespace {

SocketAddress address(const char* text) {
  return *SocketAddress::parse(text);
}

TEST(DualStack, EachFamilyIsServedOnItsOwnAddressByEveryWay) {
  Simulation simulation({.addresses = {address("203.0.113.10:8443"), address("[2001:db8::10]:8443")}});
  std::vector<std::unique_ptr<SimulatedBrowser>> browsers;
  for (const char* ip : {"192.0.2.7", "2001:db8:1::7"}) {
    for (const char* path : {"direct", "ice-tcp", "turn-udp", "turn-tcp"}) {
      browsers.push_back(std::make_unique<SimulatedBrowser>(
          simulation, SimulatedBrowser::Options{.path = path, .ip = *IpAddress::parse(ip)}));
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

// Chromium ignores the candidate 192.168.1.1:443; the label beside it is what its relay candidate finds.
class RefusedByBrowsers : public testing::TestWithParam<const char*> {};

TEST_P(RefusedByBrowsers, TurnLeadsThereAllTheSame) {
  const SocketAddress server = address(GetParam());
  const IpAddress client = *IpAddress::parse(server.ip.is_v4() ? "192.168.1.7" : "fd00::7");
  for (const Engine engine : {Engine::chromium, Engine::firefox}) {
    for (const char* path : {"turn-tcp", "turn-udp", ""}) {
      Simulation simulation({.addresses = {server}});
      SimulatedBrowser browser(simulation, {.engine = engine, .path = path, .ip = client});
      browser.join();
      simulation.run_for(5s);
      ASSERT_TRUE(browser.is_playing()) << path;
      EXPECT_EQ(browser.video().count().missing, 0U);
      EXPECT_EQ(browser.ice().bad_answers(), 0U);
      browser.leave();
      simulation.run_for(2s);
      simulation.expect_nothing_left();
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Addresses, RefusedByBrowsers,
                         testing::Values("192.168.1.1:443", "203.0.113.10:444", "[fd00::1]:443"));

// What the server listens on is not what its viewers reach: the mapping between them is the network's.
TEST(PortMapping, TheAdvertisedAddressIsWhatPeersAndLabelsAreMadeOf) {
  Simulation simulation(
      {.addresses = {address("172.17.0.2:8443")}, .advertised = {address("203.0.113.10:9000")}});
  SimulatedBrowser browser(simulation, {.path = "turn-tcp"});
  browser.join();
  simulation.run_for(5s);
  ASSERT_TRUE(browser.is_playing());
  EXPECT_EQ(browser.ice().selected()->remote, address("203.0.113.10:9000"));
  EXPECT_EQ(browser.turn()->relayed()->ip, *IpAddress::parse("203.0.113.10"));
}

}  // namespace
}  // namespace porthole::sim
