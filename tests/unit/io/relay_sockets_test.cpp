#include "io/relay_sockets.hpp"

#include <gtest/gtest.h>
#include <netinet/udp.h>
#include <sys/resource.h>
#include <unistd.h>

#include <set>

#include "support/seeded_random.hpp"
#include "unit/io/loopback.hpp"

namespace porthole::io {
namespace {

using test::ip;
using test::run_until;
using test::UdpClient;
using Parity = RelaySockets::Parity;

struct Heard final : UdpHandler {
  void on_datagrams(std::span<const Datagram> datagrams) override {
    for (const Datagram& datagram : datagrams) {
      paths.push_back(datagram.path);
      texts.emplace_back(as_text(datagram.bytes));
    }
    if (then) then();
  }
  void on_writable() override {}

  std::vector<FiveTuple> paths;
  std::vector<std::string> texts;
  std::function<void()> then;
};

class RelaySocketsTest : public testing::Test {
 protected:
  SocketAddress open(std::string_view on = "127.0.0.1", Parity parity = Parity::any) {
    const auto opened = sockets_.open(ip(on), parity);
    EXPECT_TRUE(opened);
    return opened.value_or(SocketAddress{});
  }

  EventLoop loop_;
  Heard heard_;
  // Every test is a process, and several run at once: the same seed would make them want the same ports.
  porthole::test::SeededRandom random_{static_cast<std::uint64_t>(getpid())};
  KeptSockets kept_;
  RelaySockets sockets_{loop_, heard_, random_, kept_};
  std::unique_ptr<TransmitBatch> batch_ = std::make_unique<TransmitBatch>();
};

TEST_F(RelaySocketsTest, EachHearsWhatIsSentToItAndSaysWhere) {
  for (const char* where : {"127.0.0.1", "::1"}) {
    const SocketAddress first = open(where);
    const SocketAddress second = open(where);
    UdpClient client(second);
    client.send("hello");
    heard_.texts.clear();
    ASSERT_TRUE(run_until(loop_, [&] { return !heard_.texts.empty(); })) << where;
    EXPECT_EQ(heard_.paths.back().local, second);
    EXPECT_EQ(heard_.paths.back().remote, client.local());
    EXPECT_NE(first, second);
  }
}

TEST_F(RelaySocketsTest, ABatchLeavesFromTheSocketThatItNames) {
  open();
  const SocketAddress from = open();
  UdpClient client(from);
  batch_->to = {.transport = Transport::udp, .local = from, .remote = client.local()};
  batch_->size = 2500;
  batch_->segment_size = 1000;
  sockets_.send(*batch_);
  // The client is connected to `from`, so that it takes nothing from elsewhere.
  ASSERT_TRUE(run_until(loop_, [&] { return client.received().size() == 3; }));
  EXPECT_EQ(client.received()[0].size(), 1000U);
  EXPECT_EQ(client.received()[2].size(), 500U);
}

TEST_F(RelaySocketsTest, AFrameThatIsSentAtOnceIsHeardAsItsPackets) {
  const SocketAddress address = open();
  UdpClient client(address);
  ASSERT_TRUE(set_option(client.fd(), IPPROTO_UDP, UDP_SEGMENT, 1000));
  client.send(std::string(2000, 'a') + "end");
  ASSERT_TRUE(run_until(loop_, [&] { return heard_.texts.size() == 3; }));
  EXPECT_EQ(heard_.texts, (std::vector<std::string>{std::string(1000, 'a'), std::string(1000, 'a'), "end"}));
  EXPECT_EQ(heard_.paths.back(), heard_.paths.front());
}

// More of them than one turn reads, and more datagrams of one than a system call does.
TEST_F(RelaySocketsTest, ManyAreHeardInFull) {
  std::vector<std::unique_ptr<UdpClient>> clients;
  for (int i = 0; i < 150; ++i) clients.push_back(std::make_unique<UdpClient>(open()));
  for (int i = 0; i < 100; ++i) clients[0]->send("hello");
  for (const auto& client : clients) client->send("hello");
  EXPECT_TRUE(run_until(loop_, [&] { return heard_.texts.size() == 250; })) << heard_.texts.size();
}

TEST_F(RelaySocketsTest, AHandlerMayCloseAnotherThatHasSomethingToSay) {
  const SocketAddress first = open();
  const SocketAddress second = open();
  heard_.then = [&] {
    sockets_.close(first);
    sockets_.close(second);
  };
  UdpClient(first).send("hello");
  UdpClient(second).send("hello");
  ASSERT_TRUE(run_until(loop_, [&] { return sockets_.size() == 0; }));
  test::run_for(loop_, 5ms);
  EXPECT_EQ(heard_.texts.size(), 1U);
}

TEST_F(RelaySocketsTest, AnEmptyDatagramLeavesAsOne) {
  const SocketAddress from = open();
  UdpClient client(from);
  batch_->to = {.transport = Transport::udp, .local = from, .remote = client.local()};
  batch_->size = batch_->segment_size = 0;
  sockets_.send(*batch_);
  ASSERT_TRUE(run_until(loop_, [&] { return client.received().size() == 1; }));
  EXPECT_EQ(client.received()[0], "");
}

TEST_F(RelaySocketsTest, EvenPortsAndPairsAreWhatTheySay) {
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(open("127.0.0.1", Parity::even).port % 2, 0);
    const auto pair = sockets_.open_pair(ip("127.0.0.1"));
    ASSERT_TRUE(pair);
    EXPECT_EQ(pair->port % 2, 0);
    const SocketAddress next{pair->ip, static_cast<std::uint16_t>(pair->port + 1)};
    ASSERT_EQ(sockets_.adopt(next), true);
    sockets_.close(next);
  }
  EXPECT_EQ(sockets_.size(), 100U);
}

TEST_F(RelaySocketsTest, TheSecondOfAPairIsHeardByWhoeverAdoptsIt) {
  Heard elsewhere;
  RelaySockets others(loop_, elsewhere, random_, kept_);
  const SocketAddress even = sockets_.open_pair(ip("127.0.0.1")).value();
  const SocketAddress next{even.ip, static_cast<std::uint16_t>(even.port + 1)};
  EXPECT_EQ(kept_.size(), 1U);
  ASSERT_TRUE(others.adopt(next));
  EXPECT_FALSE(sockets_.adopt(next));
  UdpClient client(next);
  client.send("hello");
  ASSERT_TRUE(run_until(loop_, [&] { return !elsewhere.texts.empty(); }));
  EXPECT_EQ(elsewhere.paths.back().local, next);
  EXPECT_TRUE(heard_.texts.empty());
}

TEST_F(RelaySocketsTest, TheSecondOfAPairThatNobodyComesForIsClosed) {
  RelaySockets others(loop_, heard_, random_, kept_);
  const SocketAddress even = sockets_.open_pair(ip("127.0.0.1")).value();
  others.close({even.ip, static_cast<std::uint16_t>(even.port + 1)});
  EXPECT_EQ(kept_.size(), 0U);
  EXPECT_EQ(sockets_.size(), 1U);
}

TEST_F(RelaySocketsTest, PortsAreUnpredictableAndOfTheDynamicRange) {
  std::set<std::uint16_t> ports;
  int steps_of_one = 0;
  std::uint16_t last = 0;
  for (int i = 0; i < 200; ++i) {
    const std::uint16_t port = open().port;
    EXPECT_GE(port, kFirstRelayPort);
    if (port == last + 1) ++steps_of_one;
    last = port;
    ports.insert(port);
  }
  EXPECT_EQ(ports.size(), 200U);
  EXPECT_LT(steps_of_one, 3);
}

TEST_F(RelaySocketsTest, WhatIsClosedHearsNothingAndItsPortIsFree) {
  const SocketAddress closed = open();
  sockets_.close(closed);
  sockets_.close(closed);
  EXPECT_EQ(sockets_.size(), 0U);
  EXPECT_TRUE(UdpPort::open(loop_, closed, heard_).ok());
}

TEST_F(RelaySocketsTest, TheOnePortIsNeverARelayedOne) {
  RelaySockets few(loop_, heard_, random_, kept_, {.first = 12'000, .last = 12'001, .except = 12'000});
  EXPECT_EQ(few.open(ip("127.0.0.1"), Parity::any), (SocketAddress{ip("127.0.0.1"), 12'001}));
  EXPECT_EQ(few.open(ip("127.0.0.1"), Parity::even), std::nullopt);
  EXPECT_EQ(few.open_pair(ip("127.0.0.1")), std::nullopt);
  EXPECT_EQ(few.size(), 1U);
}

TEST_F(RelaySocketsTest, AnAddressThatIsNotOursIsNotHad) {
  EXPECT_EQ(sockets_.open(ip("192.0.2.99"), Parity::any), std::nullopt);
}

TEST_F(RelaySocketsTest, WithoutFilesToOpenThereIsNoSocketAndNoHarm) {
  open();  // The undefined behaviour sanitizer needs files itself where it sees a type for the first time.
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit none = before;
  none.rlim_cur = 0;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  const auto opened = sockets_.open(ip("127.0.0.1"), Parity::any);
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_EQ(opened, std::nullopt);
  open();
}

TEST_F(RelaySocketsTest, APeerThatIsGoneDoesNoHarm) {
  const SocketAddress from = open();
  SocketAddress gone;
  {
    UdpClient peer(from);
    gone = peer.local();
  }
  batch_->to = {.transport = Transport::udp, .local = from, .remote = gone};
  batch_->size = batch_->segment_size = 10;
  for (int i = 0; i < 5; ++i) sockets_.send(*batch_);  // Answered with ICMP.
  UdpClient other(from);
  other.send("hello");
  EXPECT_TRUE(run_until(loop_, [&] { return heard_.texts.size() == 1; }));
}

TEST_F(RelaySocketsTest, AHandlerMayCloseTheSocketThatItHears) {
  const SocketAddress address = open();
  heard_.then = [&] { sockets_.close(address); };
  UdpClient client(address);
  client.send("hello");
  EXPECT_TRUE(run_until(loop_, [&] { return sockets_.size() == 0; }));
}

TEST_F(RelaySocketsTest, AnIpv6SocketTakesNoIpv4InDisguise) {
  const auto any = sockets_.open(ip("::"), Parity::any);
  ASSERT_TRUE(any);
  UdpClient client({ip("127.0.0.1"), any->port});
  ::send(client.fd(), "x", 1, 0);
  test::run_for(loop_, 50ms);
  EXPECT_TRUE(heard_.texts.empty());
}

}  // namespace
}  // namespace porthole::io
