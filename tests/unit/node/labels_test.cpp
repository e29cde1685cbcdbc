#include "node/labels.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace porthole::node {
namespace {

using testing::ElementsAre;
using testing::SizeIs;

SocketAddress address(const char* text) {
  return SocketAddress::parse(text).value();
}
IpAddress ip(const char* text) {
  return IpAddress::parse(text).value();
}

FiveTuple via(const char* local) {
  return {Transport::tcp, address(local), address("192.0.2.7:5000"), ConnectionId{1}};
}

NodeOptions machine() {
  NodeOptions options;
  options.port = 8443;
  options.addresses = {ip("192.168.1.5"), ip("2001:db8::5"), ip("127.0.0.1")};
  return options;
}

TEST(Candidates, BeginWithTheAddressThatTheClientReached) {
  EXPECT_THAT(candidates(machine(), via("192.168.1.5:8443")).udp,
              ElementsAre(address("192.168.1.5:8443"), address("[2001:db8::5]:8443")));
  EXPECT_THAT(candidates(machine(), via("[2001:db8::5]:8443")).udp,
              ElementsAre(address("[2001:db8::5]:8443"), address("192.168.1.5:8443")));
}

TEST(Candidates, NameLoopbackOnlyToThisMachine) {
  EXPECT_THAT(
      candidates(machine(), via("127.0.0.1:8443")).udp,
      ElementsAre(address("127.0.0.1:8443"), address("[2001:db8::5]:8443"), address("192.168.1.5:8443")));
}

TEST(Candidates, AreWhatTheOperatorAdvertisesAndNothingElse) {
  NodeOptions options = machine();
  options.advertised = {address("203.0.113.9:443"), address("198.51.100.9:8443")};
  EXPECT_EQ(candidates(options, via("192.168.1.5:8443")).udp, options.advertised);
}

TEST(Candidates, AreFew) {
  NodeOptions options = machine();
  for (int i = 0; i < 20; ++i)
    options.addresses.push_back(IpAddress::v4(0x0A000001U + static_cast<unsigned>(i)));
  EXPECT_THAT(candidates(options, via("192.168.1.5:8443")).udp, SizeIs(kMaxCandidates));
  options.advertised.assign(20, address("203.0.113.9:443"));
  EXPECT_THAT(candidates(options, via("192.168.1.5:8443")).udp, SizeIs(kMaxCandidates));
}

TEST(Candidates, TakeTurnsByFamilyBeginningWithTheClients) {
  NodeOptions options = machine();
  options.advertised = {address("203.0.113.9:8443"), address("203.0.113.10:8443"),
                        address("203.0.113.11:8443"), address("203.0.113.12:8443"),
                        address("[2001:db8::9]:8443")};
  EXPECT_THAT(candidates(options, via("[2001:db8::5]:8443")).udp,
              ElementsAre(address("[2001:db8::9]:8443"), address("203.0.113.9:8443"),
                          address("203.0.113.10:8443"), address("203.0.113.11:8443")));
  EXPECT_THAT(candidates(options, via("192.168.1.5:8443")).udp,
              ElementsAre(address("203.0.113.9:8443"), address("[2001:db8::9]:8443"),
                          address("203.0.113.10:8443"), address("203.0.113.11:8443")));
}

TEST(Candidates, AreTheSameByTcp) {
  const auto found = candidates(machine(), via("192.168.1.5:8443"));
  EXPECT_EQ(found.tcp, found.udp);
}

TEST(Candidates, LeaveOutALinkLocalAddressThatMeansNothingToBrowsers) {
  FiveTuple near = via("[fe80::5]:8443");
  near.local.ip = near.local.ip.with_zone(2);
  EXPECT_THAT(candidates(machine(), near).udp,
              ElementsAre(address("[2001:db8::5]:8443"), address("192.168.1.5:8443")));
}

NodeOptions on_port(std::uint16_t port) {
  NodeOptions options = machine();
  options.port = port;
  return options;
}

// libwebrtc: 80 and 443 on addresses that are not private, else nothing below 1024.
TEST(Candidates, ThatBrowsersRefuseAreKnown) {
  for (const char* refused :
       {"192.168.1.1:443", "10.0.0.1:80", "100.64.0.1:443", "169.254.1.1:443", "127.0.0.1:443",
        "203.0.113.9:444", "203.0.113.9:1023", "[fd00::1]:443", "[2001:db8::9]:22"}) {
    EXPECT_TRUE(browsers_refuse(address(refused))) << refused;
  }
  for (const char* taken : {"203.0.113.9:443", "203.0.113.9:80", "192.168.1.1:1024", "[2001:db8::9]:443"}) {
    EXPECT_FALSE(browsers_refuse(address(taken))) << taken;
  }
}

TEST(Candidates, HaveALabelBesideThemWhereBrowsersRefuseThem) {
  const auto web = candidates(on_port(443), via("192.168.1.5:443"));
  EXPECT_THAT(web.udp, ElementsAre(address("192.168.1.5:443"), address("[2001:db8::5]:443"),
                                   address("198.51.100.1:40000")));
  EXPECT_THAT(web.tcp, ElementsAre(address("192.168.1.5:443"), address("[2001:db8::5]:443")));
  EXPECT_THAT(candidates(on_port(444), via("192.168.1.5:444")).udp,
              ElementsAre(address("192.168.1.5:444"), address("[2001:db8::5]:444"),
                          address("198.51.100.1:40000"), address("[2001:db8::1]:40000")));
}

TEST(Candidates, HaveNoLabelWhereOneOfThemIsTaken) {
  NodeOptions options = on_port(443);
  options.advertised = {address("192.168.1.5:443"), address("203.0.113.9:443")};
  EXPECT_EQ(candidates(options, via("192.168.1.5:443")).udp, options.advertised);
}

TEST(LabelPolicy, ASyntheticLabelIsAPeerExactlyWhereItIsACandidate) {
  const SocketAddress v4 = address("198.51.100.1:40000");
  const SocketAddress v6 = address("[2001:db8::1]:40000");
  const FiveTuple client = via("192.168.1.5:443");
  const auto allowed = [&](const NodeOptions& options, const SocketAddress& peer) {
    return LabelPolicy(options).allows_peer(peer, client);
  };
  EXPECT_TRUE(allowed(on_port(443), v4));
  EXPECT_FALSE(allowed(on_port(443), v6));
  EXPECT_TRUE(allowed(on_port(444), v6));
  EXPECT_FALSE(allowed(on_port(8443), v4));
  EXPECT_FALSE(allowed(on_port(443), address("198.51.100.1:40001")));
  EXPECT_FALSE(allowed(on_port(443), address("198.51.100.2:40000")));
  NodeOptions advertising = on_port(443);
  advertising.advertised = {address("203.0.113.9:8443")};
  EXPECT_FALSE(allowed(advertising, v4));
  advertising.advertised = {address("203.0.113.9:25")};
  EXPECT_TRUE(allowed(advertising, v4));
}

TEST(LabelPolicy, LabelsAreOfTheFamilyOfTheFirstCandidate) {
  const NodeOptions options = machine();
  const LabelPolicy policy(options);
  EXPECT_EQ(policy.relay_ip(via("192.168.1.5:8443"), std::nullopt), ip("192.168.1.5"));
  EXPECT_EQ(policy.relay_ip(via("[2001:db8::5]:8443"), std::nullopt), ip("2001:db8::5"));
  EXPECT_EQ(policy.relay_ip(via("192.168.1.5:8443"), Family::ipv6), ip("2001:db8::5"));
}

TEST(LabelPolicy, AFamilyThatThereIsNotHasNoLabel) {
  NodeOptions options = machine();
  options.addresses = {ip("192.168.1.5")};
  EXPECT_EQ(LabelPolicy(options).relay_ip(via("192.168.1.5:8443"), Family::ipv6), std::nullopt);
}

TEST(LabelPolicy, LoopbackIsALabelOnlyWhereThereIsNothingElse) {
  NodeOptions options = machine();
  EXPECT_EQ(LabelPolicy(options).relay_ip(via("127.0.0.1:8443"), std::nullopt), ip("192.168.1.5"));
  options.addresses = {ip("127.0.0.1")};
  EXPECT_EQ(LabelPolicy(options).relay_ip(via("127.0.0.1:8443"), std::nullopt), ip("127.0.0.1"));
}

TEST(LabelPolicy, OnlyOurOwnAddressWithOurOwnPortIsAPeer) {
  const NodeOptions options = machine();
  const LabelPolicy policy(options);
  const FiveTuple client = via("192.168.1.5:8443");
  EXPECT_TRUE(policy.allows_peer(address("192.168.1.5:8443"), client));
  EXPECT_TRUE(policy.allows_peer(address("[2001:db8::5]:8443"), client));
  for (const char* other :
       {"192.168.1.5:8444", "192.168.1.5:0", "192.168.1.6:8443", "[2001:db8::6]:8443", "0.0.0.0:8443",
        "[::]:8443", "[::ffff:192.168.1.5]:8443", "255.255.255.255:8443"}) {
    EXPECT_FALSE(policy.allows_peer(address(other), client)) << other;
  }
}

TEST(LabelPolicy, WhatIsAdvertisedTakesThePlaceOfOurOwn) {
  NodeOptions options = machine();
  options.advertised = {address("203.0.113.9:443")};
  const LabelPolicy policy(options);
  const FiveTuple client = via("192.168.1.5:8443");
  EXPECT_TRUE(policy.allows_peer(address("203.0.113.9:443"), client));
  for (const char* other : {"203.0.113.9:8443", "192.168.1.5:8443", "192.168.1.5:443", "127.0.0.1:443"}) {
    EXPECT_FALSE(policy.allows_peer(address(other), client)) << other;
  }
}

}  // namespace
}  // namespace porthole::node
