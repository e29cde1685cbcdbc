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
      ElementsAre(address("127.0.0.1:8443"), address("192.168.1.5:8443"), address("[2001:db8::5]:8443")));
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
