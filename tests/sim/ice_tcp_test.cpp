// ICE-TCP on the one port: viewers whose network lets no UDP through, and whoever else opens a connection.
#include <gtest/gtest.h>

#include "simulated_browser.hpp"

namespace porthole::sim {
namespace {

Buffer framed(const Buffer& packet) {
  Buffer frame{static_cast<std::uint8_t>(packet.size() >> 8), static_cast<std::uint8_t>(packet.size())};
  frame.insert(frame.end(), packet.begin(), packet.end());
  return frame;
}

// A check as any stranger can make it.
Buffer check(const std::string& username) {
  Buffer message(200);
  stun::MessageBuilder builder(message, stun::Class::request, stun::Method::binding, {7});
  builder.add_text(stun::Attribute::username, username);
  builder.add_integrity(as_bytes("a password, but not ours"));
  builder.add_fingerprint();
  message.resize(builder.finish().size());
  return message;
}

class Stranger {
 public:
  explicit Stranger(Simulation& simulation)
      : simulation_(simulation),
        stream_(simulation.network().open_stream({simulation.new_client_ip(), 5000}, simulation.server(), {},
                                                 [this](Bytes bytes) { heard += bytes.size(); })) {}

  void send(const Buffer& bytes) { simulation_.network().send_stream(stream_, bytes); }

  std::size_t heard = 0;

 private:
  Simulation& simulation_;
  FiveTuple stream_;
};

TEST(IceTcp, BothEnginesPlayWithoutAMissingPacket) {
  for (const Engine engine : {Engine::chromium, Engine::firefox}) {
    Simulation simulation{{}};
    SimulatedBrowser browser(simulation, {.engine = engine, .path = "ice-tcp"});
    browser.join();
    simulation.run_for(60s);
    ASSERT_TRUE(browser.is_playing());
    EXPECT_EQ(browser.video().count().missing, 0U);
    EXPECT_EQ(browser.video().count().nacks, 0U);
    EXPECT_EQ(browser.ice().bad_answers(), 0U);
    EXPECT_EQ(browser.bad_packets(), 0U);
    // Chromium closes a connection on which anything comes before STUN.
    EXPECT_EQ(browser.early_packets(), 0U);
    EXPECT_EQ(simulation.count().connections_refused, 0U);
  }
}

TEST(IceTcp, IsWhatTheRaceEndsOnWhereUdpIsBlocked) {
  Simulation simulation{{}};
  SimulatedBrowser browser(simulation, {.path = ""});
  browser.join();
  simulation.run_for(11ms);
  browser.set_link({.loss = 1});
  simulation.run_for(10s);
  ASSERT_TRUE(browser.is_playing());
  EXPECT_TRUE(browser.ice().selected()->tcp);
  EXPECT_EQ(simulation.viewers_connected.back().path, std::string("direct TCP"));
  EXPECT_LT(simulation.viewers_connected.back().joined_in, 500ms);
}

TEST(IceTcp, AConnectionThatBreaksHandsOverToUdpThatHasHealed) {
  Simulation simulation{{}};
  SimulatedBrowser browser(simulation, {.path = ""});
  browser.join();
  simulation.run_for(5s);
  browser.set_link({.loss = 1});
  simulation.run_for(30s);
  ASSERT_TRUE(browser.ice().selected()->tcp);
  browser.set_link({});
  browser.break_ice_connection();
  // The server knows of the end at once, and of UDP since the beginning.
  const std::size_t frames = browser.video().count().frames;
  simulation.run_for(500ms);
  EXPECT_GT(browser.video().count().frames, frames);
  simulation.run_for(60s);
  EXPECT_FALSE(browser.ice().selected()->tcp);
  EXPECT_EQ(simulation.viewer_count(), 1U);
  EXPECT_LT(simulation.now() - browser.video().count().last_frame_at, 200ms);
}

// A round trip of 800 ms, in which a handshake over UDP repeats each flight three times.
TEST(IceTcp, TheHandshakeIsNotRepeatedOnASlowConnection) {
  Simulation simulation{{}};
  SimulatedBrowser browser(simulation, {.path = "ice-tcp", .link = {.delay = 400ms}, .setup = "passive"});
  browser.join();
  simulation.run_for(10s);
  ASSERT_TRUE(browser.is_playing());
  EXPECT_EQ(browser.dtls_packets(), 2U);
}

TEST(IceTcp, AHandshakeWhoseConnectionDiesGoesOnOverUdp) {
  Simulation simulation{{}};
  SimulatedBrowser browser(simulation, {.path = "", .link = {.delay = 200ms}, .setup = "passive"});
  browser.join();
  simulation.run_for(401ms);
  browser.set_link({.delay = 200ms, .loss = 1});
  while (!browser.ice().selected()) simulation.run_for(10ms);
  ASSERT_TRUE(browser.ice().selected()->tcp);
  simulation.run_for(300ms);
  browser.break_ice_connection();
  browser.set_link({.delay = 200ms});
  simulation.run_for(20s);
  ASSERT_TRUE(browser.is_playing());
  EXPECT_FALSE(browser.ice().selected()->tcp);
}

TEST(IceTcp, AViewerThatLeavesLeavesNothing) {
  Simulation simulation{{}};
  SimulatedBrowser browser(simulation, {.path = "ice-tcp"});
  browser.join();
  simulation.run_for(5s);
  browser.close_tab();
  simulation.run_for(1s);
  simulation.expect_nothing_left();
  EXPECT_EQ(simulation.count().viewers_gone.at(node::ViewerEnd::left), 1U);
}

TEST(IceTcp, AConnectionThatIsNoViewersWayIsClosedAfterItsTime) {
  Simulation simulation{{}};
  Stranger stranger(simulation);
  for (Duration silent{}; silent < turn::kAuthenticationTimeout - 1s; silent += 1s) {
    stranger.send(framed(check("nobody:here")));
    simulation.run_for(1s);
  }
  EXPECT_EQ(simulation.count().connections_refused, 0U);
  simulation.run_for(2s);
  EXPECT_EQ(simulation.count().connections_refused, 1U);
  EXPECT_EQ(stranger.heard, 0U);
}

TEST(IceTcp, AConnectionOutlivesItsViewerByNoMoreThanAMinute) {
  Simulation simulation{{}};
  SimulatedBrowser browser(simulation, {.path = "ice-tcp"});
  browser.join();
  simulation.run_for(5s);
  browser.fall_silent();
  simulation.run_for(ice::kConsentLifetime + 2 * turn::kAuthenticationTimeout + 1s);
  EXPECT_EQ(simulation.count().connections_refused, 1U);
  simulation.expect_nothing_left();
}

TEST(IceTcp, WithoutAViewersPasswordNothingIsAnswered) {
  Simulation simulation{{}};
  SimulatedBrowser browser(simulation, {.path = "ice-tcp"});
  std::string username;
  browser.on_sent = [&](Bytes packet) {
    const auto message = stun::parse(packet);
    if (message && message->text(stun::Attribute::username))
      username = *message->text(stun::Attribute::username);
  };
  browser.join();
  simulation.run_for(5s);
  Stranger stranger(simulation);
  stranger.send(framed(check(username)));
  for (const int first : {0x16, 0x80, 0x40, 0x00, 0xff})
    stranger.send(framed(Buffer(300, static_cast<std::uint8_t>(first))));
  for (int i = 0; i < 1000; ++i) stranger.send(framed({}));
  simulation.run_for(5s);
  EXPECT_EQ(stranger.heard, 0U);
  EXPECT_EQ(browser.video().count().missing, 0U);
}

TEST(IceTcp, TurnIsNotSpokenInside) {
  Simulation simulation{{}};
  Stranger stranger(simulation);
  Buffer request(100);
  stun::MessageBuilder builder(request, stun::Class::request, stun::Method::allocate, {7});
  request.resize(builder.finish().size());
  stranger.send(framed(request));
  simulation.run_for(1s);
  EXPECT_EQ(stranger.heard, 0U);
}

TEST(IceTcp, APacketLongerThanAnyViewersEndsTheConnectionAtItsLength) {
  for (const std::size_t size : {node::kMaxIcePacket, node::kMaxIcePacket + 1}) {
    Simulation simulation{{}};
    Stranger stranger(simulation);
    stranger.send(framed(check("nobody:here")));
    stranger.send(Buffer{static_cast<std::uint8_t>(size >> 8), static_cast<std::uint8_t>(size)});
    simulation.run_for(1s);
    EXPECT_EQ(simulation.count().connections_refused, size > node::kMaxIcePacket ? 1U : 0U);
  }
}

}  // namespace
}  // namespace porthole::sim
