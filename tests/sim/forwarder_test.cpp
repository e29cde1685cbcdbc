// The forwarder in virtual time: clients that hold and lose their rights, peers that may and may not be
// heard.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>

#include "node/forwarder.hpp"
#include "turn/relay_labels.hpp"
#include "turn_client.hpp"

namespace porthole::sim {
namespace {

SocketAddress at(const char* text) {
  return SocketAddress::parse(text).value();
}

const SocketAddress kServer = at("203.0.113.10:8443");
const SocketAddress kPeer = at("127.0.0.1:5000");
const SocketAddress kOtherPort = at("127.0.0.1:5001");
constexpr std::int64_t kToday = 1'800'000'000;

node::ForwardOptions options() {
  node::ForwardOptions made;
  made.rules.peers = {*node::PeerRange::parse("127.0.0.1:5000-5001")};
  made.rules.relay_ips = {kPeer.ip};
  made.rules.own_port = kServer.port;
  made.secrets = {"a secret"};
  return made;
}

class ForwarderTest : public testing::Test {
 protected:
  struct ToPeer {
    SocketAddress from;
    SocketAddress to;
    std::string text;
  };

  ForwarderTest() : forwarder(options(), relays, random) {
    forwarder.set_wall_clock(WallClock(now, WallTime(std::chrono::seconds(kToday))));
  }

  // A client whose requests are answered at once.
  TurnClient& connect(std::uint16_t port, TurnClient::Options how = {}) {
    how.credentials = turn::mint("a secret", "viewer", kToday + 24 * 3600);
    FiveTuple path{
        how.on_stream ? Transport::tcp : Transport::udp, kServer, {IpAddress::v4(0xC6336401), port}};
    if (how.on_stream) path.connection = ConnectionId{port};
    TurnClient::Wires wires;
    wires.transmit = [this, path](Bytes bytes) { feed(path, bytes); };
    wires.data = [this](const SocketAddress& peer, Bytes data) {
      heard.push_back({peer, {}, std::string(as_text(data))});
    };
    auto client = std::make_unique<TurnClient>(how, wires, random);
    TurnClient& made = *client;
    clients[path.remote] = std::move(client);
    made.start(now);
    pump();
    return made;
  }

  void feed(const FiveTuple& path, Bytes bytes) {
    if (path.is_stream()) {
      forwarder.handle_stream(path, bytes, now);
    } else {
      forwarder.handle_datagram({path, bytes}, now);
    }
  }

  void peer_sends(const SocketAddress& from, const SocketAddress& to, std::string_view text) {
    const Datagram datagram{{Transport::udp, to, from}, as_bytes(text)};
    forwarder.handle_peer_datagrams({&datagram, 1}, now);
    pump();
  }

  void pump() {
    while (forwarder.poll_transmit(*batch, now)) {
      ++batches;
      if (batch->to.local != kServer) {
        take_for_peer();
        continue;
      }
      const auto client = clients.find(batch->to.remote);
      ASSERT_NE(client, clients.end()) << batch->to.remote.to_string();
      deliver(*client->second);
    }
  }
  void deliver(TurnClient& client) {
    // Answers make the client speak again, from inside the call.
    const std::vector<std::uint8_t> bytes(batch->bytes().begin(), batch->bytes().end());
    const std::size_t size = batch->to.is_stream() ? bytes.size() : batch->segment_size;
    const bool stream = batch->to.is_stream();
    for (std::size_t at = 0; at < bytes.size(); at += size) {
      const Bytes part = Bytes(bytes).subspan(at, std::min(size, bytes.size() - at));
      stream ? client.handle_stream(part, now) : client.handle_datagram(part, now);
    }
  }
  void take_for_peer() {
    if (batch->size == 0) to_peers.push_back({batch->to.local, batch->to.remote, ""});
    for (std::size_t at = 0; at < batch->size; at += batch->segment_size) {
      const std::size_t size = std::min(batch->segment_size, batch->size - at);
      to_peers.push_back(
          {batch->to.local, batch->to.remote, std::string(as_text(batch->bytes().subspan(at, size)))});
    }
  }

  void pass(Duration time) {
    const Instant end = now + time;
    while (now < end) {
      Instant next = std::min(end, forwarder.next_timeout());
      for (const auto& [address, client] : clients) next = std::min(next, client->next_timeout());
      now = std::max(now, next);
      forwarder.handle_timeout(now);
      for (const auto& [address, client] : clients) client->handle_timeout(now);
      pump();
      if (next < end && next <= now) now += 1ms;
    }
    forwarder.handle_timeout(now);
  }

  test::SeededRandom random{1};
  turn::RelayLabels relays{random, {}};  // Addresses are all that the forwarder sees of sockets.
  Instant now{std::chrono::hours(1)};
  node::Forwarder forwarder;
  std::map<SocketAddress, std::unique_ptr<TurnClient>> clients;
  std::vector<ToPeer> to_peers;
  std::vector<ToPeer> heard;
  std::unique_ptr<TransmitBatch> batch = std::make_unique<TransmitBatch>();
  std::size_t batches = 0;
};

TEST_F(ForwarderTest, AnAllocationSendsFromItsOwnAddressAndHearsItsPeer) {
  TurnClient& client = connect(1000);
  ASSERT_TRUE(client.relayed());
  client.permit(kPeer, now);
  pump();
  client.send(kPeer, as_bytes("ping"), now);
  pump();
  ASSERT_EQ(to_peers.size(), 1U);
  EXPECT_EQ(to_peers[0].from, *client.relayed());
  EXPECT_EQ(to_peers[0].to, kPeer);
  EXPECT_EQ(to_peers[0].text, "ping");
  peer_sends(kPeer, *client.relayed(), "pong");
  ASSERT_EQ(heard.size(), 1U);
  EXPECT_EQ(heard[0].text, "pong");
  EXPECT_EQ(heard[0].from, kPeer);
}

TEST_F(ForwarderTest, WorksOverTcp) {
  TurnClient& client = connect(1001, {.credentials = {}, .on_stream = true});
  ASSERT_TRUE(client.relayed());
  client.request_permission(kPeer, now);
  pump();
  client.send_indication(kPeer, as_bytes("ping"));
  pump();
  ASSERT_EQ(to_peers.size(), 1U);
  peer_sends(kPeer, *client.relayed(), "pong");
  ASSERT_EQ(heard.size(), 1U);
}

TEST_F(ForwarderTest, PeerDataWithoutAPermissionIsDropped) {
  TurnClient& client = connect(1000);
  peer_sends(kPeer, *client.relayed(), "unasked");
  EXPECT_TRUE(heard.empty());
  // A permission is for an address, so that a whitelisted port of it may then be heard.
  client.request_permission(kPeer, now);
  pump();
  peer_sends(kOtherPort, *client.relayed(), "asked");
  EXPECT_EQ(heard.size(), 1U);
}

TEST_F(ForwarderTest, PeerDataStopsAfterFiveMinutes) {
  TurnClient& client = connect(1000, {.credentials = {}, .never_binds = true});
  client.request_permission(kPeer, now);
  pump();
  now += 299s;
  peer_sends(kPeer, *client.relayed(), "in time");
  EXPECT_EQ(heard.size(), 1U);
  now += 1s;
  peer_sends(kPeer, *client.relayed(), "too late");
  EXPECT_EQ(heard.size(), 1U);
}

TEST_F(ForwarderTest, WhoeverIsNotNamedIsNotHeardThoughItsAddressIsPermitted) {
  TurnClient& client = connect(1000);
  client.request_permission(kPeer, now);
  pump();
  for (const char* stranger :
       {"127.0.0.1:5002", "127.0.0.1:8443", "127.0.0.2:5000", "[::ffff:127.0.0.1]:5000"}) {
    peer_sends(at(stranger), *client.relayed(), "hello");
  }
  EXPECT_TRUE(heard.empty());
}

TEST_F(ForwarderTest, WhoeverIsNotNamedIsNotReachedByAnyMeans) {
  TurnClient& client = connect(1000);
  client.request_permission(kPeer, now);
  pump();
  for (const char* stranger : {"127.0.0.1:5002", "127.0.0.1:8443", "169.254.169.254:80", "10.0.0.1:5000"}) {
    client.request_permission(at(stranger), now);
    pump();
    client.request_channel(0x4001, at(stranger), now);
    pump();
    client.send_indication(at(stranger), as_bytes("hello"));
    client.send_channel_data(0x4001, as_bytes("hello"));
    pump();
  }
  EXPECT_TRUE(to_peers.empty());
  EXPECT_EQ(client.errors(), std::vector<int>(8, 403));
}

TEST_F(ForwarderTest, OneAllocationDoesNotReachAnother) {
  TurnClient& first = connect(1000);
  TurnClient& second = connect(1001);
  first.request_permission(*second.relayed(), now);
  pump();
  EXPECT_EQ(first.errors(), std::vector<int>{403});
}

TEST_F(ForwarderTest, ChannelsOfTheLegacyRangeWorkOverUdp) {
  TurnClient& client = connect(1000);
  client.request_channel(0x7FFF, kPeer, now);
  pump();
  EXPECT_TRUE(client.errors().empty());
  client.send_channel_data(0x7FFF, as_bytes("ping"));
  pump();
  EXPECT_EQ(to_peers.size(), 1U);
}

TEST_F(ForwarderTest, AChannelIsUsedFromTheMomentThatItIsBound) {
  TurnClient& client = connect(1000, {.credentials = {}, .never_binds = true});
  client.request_permission(kPeer, now);
  pump();
  peer_sends(kPeer, *client.relayed(), "first");
  EXPECT_EQ(client.count().received_in_indications, 1U);
  client.request_channel(0x4000, kPeer, now);
  pump();
  peer_sends(kPeer, *client.relayed(), "second");
  EXPECT_EQ(client.count().received_in_indications, 1U);
}

TEST_F(ForwarderTest, ABurstOfEqualDatagramsLeavesInOneBatch) {
  TurnClient& client = connect(1000);
  client.request_permission(kPeer, now);
  pump();
  batches = 0;
  const std::string full(1000, 'x');
  const FiveTuple path{Transport::udp, *client.relayed(), kPeer};
  std::vector<Datagram> burst(30, {path, as_bytes(full)});
  burst.push_back({path, as_bytes("end")});
  forwarder.handle_peer_datagrams(burst, now);
  pump();
  EXPECT_EQ(batches, 1U);
  EXPECT_EQ(heard.size(), 31U);
}

TEST_F(ForwarderTest, DatagramsOfTwoPeersInOneReadGoEachToItsClient) {
  TurnClient& first = connect(1000);
  TurnClient& second = connect(1001);
  for (TurnClient* client : {&first, &second}) client->request_permission(kPeer, now);
  pump();
  const FiveTuple to_first{Transport::udp, *first.relayed(), kPeer};
  const FiveTuple to_second{Transport::udp, *second.relayed(), kPeer};
  const FiveTuple stranger{Transport::udp, *first.relayed(), at("127.0.0.1:6000")};
  const std::vector<Datagram> read{{to_first, as_bytes("one")},
                                   {to_first, as_bytes("two")},
                                   {stranger, as_bytes("evil")},
                                   {to_second, as_bytes("three")},
                                   {to_first, as_bytes("four")}};
  forwarder.handle_peer_datagrams(read, now);
  pump();
  EXPECT_EQ(first.count().received_in_indications, 3U);
  EXPECT_EQ(second.count().received_in_indications, 1U);
  EXPECT_EQ(heard.size(), 4U);
}

TEST_F(ForwarderTest, EmptyAndLongDatagramsGoBothWays) {
  TurnClient& client = connect(1000);
  client.permit(kPeer, now);
  pump();
  const std::string full(60'000, 'x');
  for (const std::string& text : {std::string(), full}) {
    heard.clear();
    to_peers.clear();
    peer_sends(kPeer, *client.relayed(), text);
    ASSERT_EQ(heard.size(), 1U);
    EXPECT_EQ(heard.front().text, text);
    client.send(kPeer, as_bytes(text), now);
    pump();
    ASSERT_EQ(to_peers.size(), 1U);
    EXPECT_EQ(to_peers.front().text, text);
  }
}

TEST_F(ForwarderTest, AStrangersLongRequestIsNotEvenRead) {
  std::vector<std::uint8_t> bytes(turn::kMaxUnauthenticatedFrame + 4);
  TurnClient& known = connect(1000);
  const auto ask = [&](std::uint16_t port, std::size_t padding) {
    stun::MessageBuilder builder(bytes, stun::Class::request, stun::Method::binding, {});
    builder.add(stun::Attribute::software, std::vector<std::uint8_t>(padding));
    forwarder.handle_datagram(
        {{Transport::udp, kServer, {IpAddress::v4(0xC6336401), port}}, builder.finish()}, now);
    return forwarder.poll_transmit(*batch, now);
  };
  constexpr std::size_t kHeaders = stun::kHeaderSize + stun::kAttributeHeaderSize;
  EXPECT_TRUE(ask(999, turn::kMaxUnauthenticatedFrame - kHeaders));
  EXPECT_FALSE(ask(999, turn::kMaxUnauthenticatedFrame - kHeaders + 4));
  EXPECT_TRUE(ask(1000, turn::kMaxUnauthenticatedFrame - kHeaders + 4)) << known.errors().size();
}

TEST_F(ForwarderTest, AnAllocationThatIsRefreshedLivesForADay) {
  TurnClient& client = connect(1000);
  client.permit(kPeer, now);
  pump();
  pass(23h);
  peer_sends(kPeer, *client.relayed(), "still here");
  EXPECT_EQ(heard.size(), 1U);
  // Every few hours the nonce is stale, which is for the client to mend.
  EXPECT_TRUE(std::ranges::all_of(client.errors(), [](int error) { return error == 438; }));
}

TEST_F(ForwarderTest, AnAllocationThatIsNotRefreshedIsGoneOnTimeAndItsAddressFree) {
  TurnClient& client = connect(1000);
  const SocketAddress relayed = *client.relayed();
  client.request_permission(kPeer, now);
  pump();
  clients.clear();
  now += 600s;
  forwarder.handle_timeout(now);
  EXPECT_EQ(forwarder.allocation_count(), 0U);
  EXPECT_EQ(relays.in_use(), 0U);
  peer_sends(kPeer, relayed, "anybody?");
  EXPECT_EQ(forwarder.next_timeout(), Instant::max());
}

// A deadline that stays in the past would make the loop spin.
TEST_F(ForwarderTest, WhateverEndsEndsOnTimeAndLeavesNoDeadlineBehind) {
  for (std::uint16_t port = 1000; port < 1200; ++port) {
    now += std::chrono::milliseconds(random.u32() % 2000);
    TurnClient& client = connect(port, {.credentials = {}, .on_stream = port % 2 == 0});
    if (port % 3 == 0) client.request_permission(kPeer, now);
    if (port % 5 == 0) client.request_channel(0x4000, kPeer, now);
    pump();
  }
  EXPECT_GT(forwarder.allocation_count(), 0U);
  clients.clear();
  std::size_t steps = 0;
  while (forwarder.next_timeout() != Instant::max()) {
    now = std::max(now, forwarder.next_timeout());
    forwarder.handle_timeout(now);
    ASSERT_GT(forwarder.next_timeout(), now);
    ASSERT_LT(++steps, 10'000U);
    while (forwarder.poll_refused()) {
    }
  }
  EXPECT_EQ(forwarder.allocation_count(), 0U);
  EXPECT_EQ(relays.in_use(), 0U);
}

TEST_F(ForwarderTest, ABindingIndicationAndJunkFromPeersAreNothingSpecial) {
  TurnClient& client = connect(1000);
  client.request_permission(kPeer, now);
  pump();
  const std::array<std::uint8_t, 20> indication{0x00, 0x11, 0, 0, 0x21, 0x12, 0xA4, 0x42};
  peer_sends(kPeer, *client.relayed(), as_text(indication));
  peer_sends(kPeer, *client.relayed(), "");
  EXPECT_EQ(heard.size(), 2U);
  feed({Transport::udp, kServer, at("198.51.100.9:9")}, indication);
  pump();
}

TEST_F(ForwarderTest, SaysThatItIsWellAndGivesNoCredentialsAway) {
  HttpRequest request{.method = "GET", .path = "/healthz", .query = {}, .headers = {}, .body = {}, .via = {}};
  EXPECT_EQ(forwarder.handle_http(request, now)->status, 200);
  request.path = "/ice";
  EXPECT_EQ(forwarder.handle_http(request, now)->status, 404);
  request.path = "/whep/cam";
  EXPECT_EQ(forwarder.handle_http(request, now), std::nullopt);
}

}  // namespace
}  // namespace porthole::sim
