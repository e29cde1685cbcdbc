// Clients that want to reach others, and clients that send anything at all.
#include <gtest/gtest.h>

#include <functional>

#include "simulated_browser.hpp"

namespace porthole::sim {
namespace {

// What is not ours: other machines, this one's other ports, loopback in every dress, labels, rubbish.
const char* const kForbiddenPeers[] = {"192.0.2.1:8443",
                                       "203.0.113.10:8444",
                                       "203.0.113.10:80",
                                       "127.0.0.1:8443",
                                       "0.0.0.0:8443",
                                       "10.0.0.1:80",
                                       "169.254.169.254:80",
                                       "224.0.0.1:8443",
                                       "255.255.255.255:8443",
                                       "203.0.113.11:8443",
                                       "198.51.100.1:53",
                                       "[::1]:8443",
                                       "[::]:8443",
                                       "[::ffff:127.0.0.1]:8443",
                                       "[fe80::1]:8443",
                                       "[fc00::1]:8443",
                                       "[64:ff9b::a00:1]:80",
                                       "[2002:7f00:1::]:8443"};

class PeersThatAreNotOurs : public testing::TestWithParam<const char*> {};

TEST_P(PeersThatAreNotOurs, AreRefusedAndNothingReachesAnyone) {
  Simulation simulation{{}};
  SimulatedBrowser browser(simulation, {.path = GetParam()});
  browser.join();
  simulation.run_for(3s);
  ASSERT_TRUE(browser.is_playing());
  const SocketAddress own_label = *browser.turn()->relayed();
  std::vector<SocketAddress> peers{own_label};
  for (const char* text : kForbiddenPeers) peers.push_back(*SocketAddress::parse(text));

  const std::size_t before = browser.turn()->errors().size();
  const Buffer data(100, 0x80);
  std::uint16_t channel = 0x4100;
  for (const SocketAddress& peer : peers) {
    browser.turn()->request_permission(peer, simulation.now());
    browser.turn()->request_channel(channel, peer, simulation.now());
    browser.turn()->send_indication(peer, data);
    browser.turn()->send_channel_data(channel++, data);
  }
  simulation.run_for(1s);
  const auto& errors = browser.turn()->errors();
  ASSERT_EQ(errors.size() - before, 2 * peers.size());
  for (std::size_t i = before; i < errors.size(); ++i) {
    EXPECT_TRUE(errors[i] == 403 || errors[i] == 443) << errors[i];
  }
  for (const SocketAddress& peer : peers) EXPECT_EQ(simulation.network().sent_to_nobody(peer), 0U);
  simulation.run_for(10s);
  EXPECT_EQ(browser.video().count().missing, 0U);
}

INSTANTIATE_TEST_SUITE_P(OverTurn, PeersThatAreNotOurs, testing::Values("turn-udp", "turn-tcp"));

// Wrong credentials hold nothing and see nothing.
TEST(Turn, WithoutCredentialsNobodyHoldsAnything) {
  Simulation simulation{{}};
  SimulatedBrowser browser(simulation, {.path = "turn-udp", .forgets_turn_password = true});
  browser.join();
  simulation.run_for(5s);
  EXPECT_EQ(simulation.allocation_count(), 0U);
  EXPECT_EQ(browser.turn()->errors().front(), 401);
  simulation.run_for(node::kSetupTimeout);
  simulation.expect_nothing_left();
}

// Packets of every kind with some bytes changed, and noise; the network fails the test when anything is sent
// to an address that sent nothing itself.
class Junk : public testing::TestWithParam<std::uint64_t> {
 protected:
  Junk() : random(GetParam()), browser(simulation, {.path = "turn-udp"}), direct(simulation, {}) {
    const auto collect = [this](Bytes packet) {
      if (samples.size() < 400) samples.emplace_back(packet.begin(), packet.end());
    };
    browser.on_sent = collect;
    direct.on_sent = collect;
    browser.join();
    direct.join();
    simulation.run_for(5s);
    browser.on_sent = direct.on_sent = nullptr;
  }

  Buffer junk() {
    Buffer bytes = random.u32() % 3 == 0 ? noise() : samples[random.u32() % samples.size()];
    for (std::uint32_t changes = random.u32() % 4; changes > 0 && !bytes.empty(); --changes) {
      bytes[random.u32() % bytes.size()] = static_cast<std::uint8_t>(random.u32());
    }
    if (random.u32() % 8 == 0) bytes.resize(random.u32() % (bytes.size() + 1));
    if (random.u32() % 8 == 0) bytes.resize(bytes.size() + random.u32() % 40);
    return bytes;
  }

  // As a frame of ICE-TCP (RFC 4571), its length right or nearly so.
  Buffer framed(const Buffer& packet) {
    const std::size_t length = packet.size() + (random.u32() % 16 == 0 ? random.u32() % 9 : 0);
    Buffer frame{static_cast<std::uint8_t>(length >> 8), static_cast<std::uint8_t>(length)};
    frame.insert(frame.end(), packet.begin(), packet.end());
    return frame;
  }

  Buffer noise() {
    Buffer bytes(random.u32() % 1500);
    random.fill(bytes);
    // Any protocol's first byte.
    if (!bytes.empty()) bytes[0] = static_cast<std::uint8_t>(random.u32());
    return bytes;
  }

  test::SeededRandom random;
  Simulation simulation{{.seed = GetParam()}};
  SimulatedBrowser browser;
  SimulatedBrowser direct;
  std::vector<Buffer> samples;
};

TEST_P(Junk, OnUdpLeavesNoStateAndDisturbsNobody) {
  ASSERT_TRUE(browser.is_playing());
  ASSERT_GT(samples.size(), 10U);
  const std::size_t allocations = simulation.allocation_count();
  for (int i = 0; i < 6000; ++i) {
    const SocketAddress from{IpAddress::v4(0x0A00'0000 + random.u32() % 64), 5000};
    simulation.network().forge(from, simulation.server(), junk());
    if (i % 60 == 0) simulation.run_for(33ms);
  }
  simulation.run_for(5s);
  EXPECT_EQ(simulation.viewer_count(), 2U);
  EXPECT_EQ(simulation.allocation_count(), allocations);
  for (const SimulatedBrowser* watching : {&browser, &direct}) {
    EXPECT_LT(simulation.now() - watching->video().count().last_frame_at, 200ms);
    EXPECT_EQ(watching->video().count().corrupt, 0U);
  }
  browser.leave();
  direct.leave();
  simulation.run_for(5s);
  simulation.expect_nothing_left();
}

TEST_P(Junk, OnStreamsLeavesNoStateAndDisturbsNobody) {
  for (int i = 0; i < 300; ++i) {
    const SocketAddress from{IpAddress::v4(0x0A00'0000 + random.u32() % 64), 5000};
    const FiveTuple stream = simulation.network().open_stream(from, simulation.server(), {}, [](Bytes) {});
    const bool ice_tcp = random.u32() % 2 == 0;
    for (std::uint32_t messages = random.u32() % 8; messages > 0; --messages) {
      simulation.network().send_stream(stream, ice_tcp ? framed(junk()) : junk());
    }
    if (i % 10 == 0) simulation.run_for(50ms);
    if (random.u32() % 2 == 0) simulation.network().close_stream(stream);
  }
  simulation.run_for(5s);
  EXPECT_GT(simulation.count().connections_refused, 50U);
  EXPECT_EQ(simulation.viewer_count(), 2U);
  EXPECT_EQ(simulation.allocation_count(), 1U);
  EXPECT_EQ(browser.video().count().missing, 0U);
}

// With a TURN client's own credentials and permissions: what it sends inside is as little believed.
TEST_P(Junk, InsideTurnDisturbsNobody) {
  const SocketAddress peer = simulation.server();
  for (int i = 0; i < 3000; ++i) {
    if (i % 2 == 0) {
      browser.turn()->send_channel_data(0x4000, junk());
    } else {
      browser.turn()->send_indication(peer, junk());
    }
    if (i % 60 == 0) simulation.run_for(33ms);
  }
  simulation.run_for(5s);
  EXPECT_EQ(simulation.viewer_count(), 2U);
  EXPECT_LT(simulation.now() - direct.video().count().last_frame_at, 200ms);
  EXPECT_LT(simulation.now() - browser.video().count().last_frame_at, 200ms);
  EXPECT_EQ(direct.video().count().missing, 0U);
}

INSTANTIATE_TEST_SUITE_P(Seeds, Junk, testing::Values(11, 12, 13));

}  // namespace
}  // namespace porthole::sim
