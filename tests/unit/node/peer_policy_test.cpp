#include "node/peer_policy.hpp"

#include <gtest/gtest.h>

#include <set>

#include "support/seeded_random.hpp"
#include "turn/limits.hpp"
#include "turn/relay_labels.hpp"

namespace porthole::node {
namespace {

SocketAddress at(const char* text) {
  return SocketAddress::parse(text).value();
}

IpAddress ip(const char* text) {
  return IpAddress::parse(text).value();
}

class PeerPolicyTest : public testing::Test {
 protected:
  static PeerRules rules(const std::vector<std::string>& peers) {
    PeerRules made;
    for (const std::string& peer : peers) made.peers.push_back(PeerRange::parse(peer).value());
    made.relay_ips = {ip("127.0.0.1"), ip("::1")};
    made.own_port = 8443;
    made.own_addresses = {ip("192.168.1.5")};
    return made;
  }
  PeerPolicy policy(const std::vector<std::string>& peers) { return {rules(peers), labels_}; }
  void expect_refused(const PeerPolicy& policy, const std::vector<const char*>& peers) {
    for (const char* peer : peers) EXPECT_FALSE(policy.allows(at(peer))) << peer;
  }

  test::SeededRandom random_{1};
  turn::RelayLabels labels_{random_, {}};
};

TEST_F(PeerPolicyTest, WithoutRulesEverybodyIsRefused) {
  expect_refused(policy({}), {"127.0.0.1:80", "[::1]:80", "192.168.1.5:5000", "8.8.8.8:53"});
}

TEST_F(PeerPolicyTest, ReachesTheNamedPortsAndNoOther) {
  const PeerPolicy made = policy({"127.0.0.1:5000-5002", "[::1]:6000"});
  for (const char* peer : {"127.0.0.1:5000", "127.0.0.1:5001", "127.0.0.1:5002", "[::1]:6000"}) {
    EXPECT_TRUE(made.allows(at(peer))) << peer;
  }
  // The right address with the wrong port, and the wrong address with the right port.
  expect_refused(made, {"127.0.0.1:4999", "127.0.0.1:5003", "127.0.0.1:6000", "[::1]:5000", "127.0.0.2:5000",
                        "[::2]:6000"});
}

TEST_F(PeerPolicyTest, RefusesEveryReservedAddressThatIsNotNamed) {
  expect_refused(policy({"192.168.1.5:5000"}), {"127.0.0.1:5000",
                                                "127.255.255.255:5000",
                                                "0.0.0.0:5000",
                                                "0.1.2.3:5000",
                                                "[::]:5000",
                                                "[::1]:5000",
                                                "[::ffff:127.0.0.1]:5000",
                                                "[::ffff:192.168.1.5]:5000",
                                                "[::127.0.0.1]:5000",
                                                "[64:ff9b::c0a8:105]:5000",
                                                "[64:ff9b:1::1]:5000",
                                                "[2002:7f00:1::1]:5000",
                                                "[2001::1]:5000",
                                                "[fe80::1]:5000",
                                                "[fc00::1]:5000",
                                                "[fd12::1]:5000",
                                                "169.254.169.254:5000",
                                                "100.64.0.1:5000",
                                                "10.0.0.1:5000",
                                                "172.16.0.1:5000",
                                                "192.168.1.4:5000",
                                                "224.0.0.1:5000",
                                                "[ff02::1]:5000",
                                                "255.255.255.255:5000",
                                                "192.168.1.255:5000"});
}

TEST_F(PeerPolicyTest, OtherFormsOfAnAddressAreNotThatAddress) {
  expect_refused(policy({"127.0.0.1:5000"}), {"[::ffff:127.0.0.1]:5000", "[::127.0.0.1]:5000",
                                              "[64:ff9b::7f00:1]:5000", "[2002:7f00:1::]:5000"});
}

TEST_F(PeerPolicyTest, WhatIsNeverAPeerIsRefusedEvenWhereItIsNamed) {
  for (const char* named :
       {"0.0.0.0:5000", "0.0.0.1:5000", "224.0.0.1:5000", "239.1.2.3:5000", "240.0.0.1:5000",
        "255.255.255.255:5000", "[::]:5000", "[::7f00:1]:5000", "[::ffff:10.0.0.1]:5000",
        "[64:ff9b::a00:1]:5000", "[64:ff9b:1::1]:5000", "[2002:a00:1::]:5000", "[2001:0:1::1]:5000",
        "[fe80::1]:5000", "[ff02::1]:5000"}) {
    EXPECT_NE(why_never_a_peer(at(named).ip), nullptr) << named;
    EXPECT_FALSE(policy({named}).allows(at(named))) << named;
  }
  for (const char* named :
       {"127.0.0.1", "::1", "10.0.0.1", "2001:db8::1", "fd00::1", "100.64.0.1", "8.8.8.8"}) {
    EXPECT_EQ(why_never_a_peer(ip(named)), nullptr) << named;
  }
}

TEST_F(PeerPolicyTest, OurOwnListeningPortIsNoPeerOnAnyOfOurAddresses) {
  const PeerPolicy made = policy({"127.0.0.1:8000-9000", "[::1]:8443", "192.168.1.5:8443", "10.0.0.9:8443"});
  expect_refused(made, {"127.0.0.1:8443", "[::1]:8443", "192.168.1.5:8443"});
  EXPECT_TRUE(made.allows(at("127.0.0.1:8444")));
  EXPECT_TRUE(made.allows(at("10.0.0.9:8443")));  // Another machine's.
}

TEST_F(PeerPolicyTest, OurOwnRelayedAddressesAreNoPeersWhileTheyAreInUse) {
  using Parity = turn::RelayAddresses::Parity;
  PeerPolicy made = policy({"127.0.0.1:1024-65535"});
  const auto taken = made.take(ip("127.0.0.1"), Parity::even_and_next, Instant{}).value();
  EXPECT_FALSE(made.allows(taken.address));
  EXPECT_FALSE(made.allows(*taken.next));
  made.release(taken.address, Instant{});
  EXPECT_TRUE(made.allows(taken.address));
  EXPECT_FALSE(made.allows(*taken.next));
}

TEST_F(PeerPolicyTest, TheRelayedAddressesOfAnotherWorkerAreNoPeersEither) {
  PeerRules both = rules({"127.0.0.1:1024-65535", "10.0.0.9:1024-65535"});
  both.relayed = std::make_shared<RelayedPorts>();
  PeerPolicy one(both, labels_), other(both, labels_);
  const SocketAddress taken =
      one.take(ip("127.0.0.1"), turn::RelayAddresses::Parity::any, Instant{})->address;
  EXPECT_FALSE(other.allows(taken));
  EXPECT_TRUE(other.allows({at("10.0.0.9:1").ip, taken.port})) << "another machine's";
  other.release(taken, Instant{});
  EXPECT_TRUE(one.allows(taken));
}

TEST_F(PeerPolicyTest, RelayedAddressesKeepClearOfThePeersWhereTheyCan) {
  PeerPolicy half = policy({"127.0.0.1:1024-33000"});
  int among_peers = 0;
  for (int i = 0; i < 200; ++i) {
    const auto taken = half.take(ip("127.0.0.1"), turn::RelayAddresses::Parity::any, Instant{});
    if (taken->address.port <= 33'000) ++among_peers;
  }
  EXPECT_LT(among_peers, 10);
}

// As a system with few free ports: what is released may be had again soon.
class FewPorts final : public turn::RelayAddresses {
 public:
  std::optional<Taken> take(const IpAddress& ip, Parity, Instant) override {
    for (int i = 0; i < kPorts; ++i) {
      const auto port = static_cast<std::uint16_t>(50'000 + next_++ % kPorts);
      if (taken.insert(port).second) return Taken{{ip, port}, {}};
    }
    return std::nullopt;
  }
  bool adopt(const SocketAddress&) override { return true; }
  void release(const SocketAddress& address, Instant) override { taken.erase(address.port); }

  std::set<std::uint16_t> taken;

 private:
  static constexpr int kPorts = 4;
  int next_ = 0;
};

// The peers of the one who had it may still send to it.
TEST_F(PeerPolicyTest, ARelayedAddressRestsBeforeSomebodyElseGetsIt) {
  FewPorts ports;
  PeerPolicy made(rules({"127.0.0.1:5000"}), ports);
  const auto take = [&](Instant now) {
    return made.take(ip("127.0.0.1"), turn::RelayAddresses::Parity::any, now)->address;
  };
  const SocketAddress first = take(Instant{});
  made.release(first, Instant{});
  std::set<SocketAddress> others;
  for (int i = 0; i < 3; ++i) others.insert(take(Instant{} + turn::kLabelRest - 1ns));
  EXPECT_FALSE(others.contains(first));
  EXPECT_EQ(others.size(), 3U);
  for (const SocketAddress& other : others) made.release(other, Instant{} + turn::kLabelRest);
  EXPECT_EQ(take(Instant{} + turn::kLabelRest), first);
  EXPECT_EQ(ports.taken.size(), 1U) << "what was tried is free again";
}

TEST_F(PeerPolicyTest, WhereAllAddressesRestOneIsUsedEarlyRatherThanNone) {
  FewPorts ports;
  PeerPolicy made(rules({"127.0.0.1:5000"}), ports);
  for (int i = 0; i < 20; ++i) {
    const auto taken = made.take(ip("127.0.0.1"), turn::RelayAddresses::Parity::any, Instant{});
    ASSERT_TRUE(taken);
    made.release(taken->address, Instant{});
  }
  EXPECT_TRUE(ports.taken.empty());
}

TEST_F(PeerPolicyTest, PortZeroIsNoPeer) {
  PeerRules made = rules({});
  made.peers = {{ip("127.0.0.1"), 0, 10}};
  const PeerPolicy zero(made, labels_);
  EXPECT_FALSE(zero.allows({ip("127.0.0.1"), 0}));
  EXPECT_TRUE(zero.allows({ip("127.0.0.1"), 1}));
}

TEST_F(PeerPolicyTest, RelaysAreWherePeersOfThatFamilySeeThisMachine) {
  EXPECT_EQ(policy({}).relay_ip({}, std::nullopt), ip("127.0.0.1"));
  EXPECT_EQ(policy({}).relay_ip({}, Family::ipv6), ip("::1"));
  PeerRules only = rules({});
  only.relay_ips = {ip("::1")};
  EXPECT_EQ(PeerPolicy(only, labels_).relay_ip({}, Family::ipv4), std::nullopt);
  EXPECT_EQ(PeerPolicy(only, labels_).relay_ip({}, std::nullopt), ip("::1"));
}

TEST(PeerRange, ReadsAddressesPortsAndRanges) {
  EXPECT_EQ(PeerRange::parse("127.0.0.1:5000"), (PeerRange{ip("127.0.0.1"), 5000, 5000}));
  EXPECT_EQ(PeerRange::parse("127.0.0.1:5000-5010"), (PeerRange{ip("127.0.0.1"), 5000, 5010}));
  EXPECT_EQ(PeerRange::parse("[2001:db8::1]:1-65535"), (PeerRange{ip("2001:db8::1"), 1, 65'535}));
  for (const char* wrong : {"", "127.0.0.1", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:0-5", "127.0.0.1:6-5",
                            "127.0.0.1:5-", "127.0.0.1:-5", "127.0.0.1:5-6-7", "127.0.0.1:5-70000",
                            "::1:5000", "localhost:5000", "127.0.0.1:5 - 6", "10.0.0.0/8:5"}) {
    EXPECT_EQ(PeerRange::parse(wrong), std::nullopt) << wrong;
  }
  EXPECT_EQ(PeerRange::parse("[::1]:5-6")->to_string(), "[::1]:5-6");
}

}  // namespace
}  // namespace porthole::node
