#include "base/ip_network.hpp"

#include <gtest/gtest.h>

namespace porthole {
namespace {

bool contains(std::string_view network, std::string_view address) {
  return IpNetwork::parse(network)->contains(*IpAddress::parse(address));
}

TEST(IpNetwork, ContainsWhatSharesItsPrefixToTheBit) {
  EXPECT_TRUE(contains("192.0.2.0/24", "192.0.2.0"));
  EXPECT_TRUE(contains("192.0.2.0/24", "192.0.2.255"));
  EXPECT_FALSE(contains("192.0.2.0/24", "192.0.3.0"));
  EXPECT_TRUE(contains("10.64.0.0/11", "10.95.255.255"));
  EXPECT_FALSE(contains("10.64.0.0/11", "10.96.0.0"));
  EXPECT_TRUE(contains("0.0.0.0/0", "203.0.113.9"));
  EXPECT_TRUE(contains("192.0.2.7", "192.0.2.7"));
  EXPECT_FALSE(contains("192.0.2.7", "192.0.2.6"));
  EXPECT_TRUE(contains("2001:db8::/33", "2001:db8:7fff::1"));
  EXPECT_FALSE(contains("2001:db8::/33", "2001:db8:8000::1"));
  EXPECT_FALSE(contains("::1", "::"));
}

TEST(IpNetwork, NeverContainsTheOtherFamily) {
  EXPECT_FALSE(contains("0.0.0.0/0", "2001:db8::1"));
  EXPECT_FALSE(contains("::/0", "192.0.2.1"));
  EXPECT_FALSE(contains("::ffff:192.0.2.0/120", "192.0.2.1"));
}

TEST(IpNetwork, KnowsItsFirstAddress) {
  EXPECT_EQ(IpNetwork::parse("192.0.2.7/24")->first(), *IpAddress::parse("192.0.2.0"));
  EXPECT_EQ(IpNetwork::parse("10.95.1.1/11")->first(), *IpAddress::parse("10.64.0.0"));
  EXPECT_EQ(IpNetwork::parse("2001:db8::1/32")->first(), *IpAddress::parse("2001:db8::"));
  EXPECT_EQ(IpNetwork::parse("2001:db8::1")->first(), *IpAddress::parse("2001:db8::1"));
  EXPECT_EQ(IpNetwork::parse("192.0.2.7/24")->to_string(), "192.0.2.7/24");
}

TEST(IpNetwork, RefusesWhatIsNone) {
  for (const char* text : {"", "/", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/08",
                           "10.0.0.0/8/8", "10.0.0/8", "10.0.0.0/255.0.0.0", "10.0.0.0 /8", "10.0.0.0/ 8",
                           "::/129", "[::1]/128", "localhost", "10.0.0.0/99999999999999999999999"}) {
    EXPECT_FALSE(IpNetwork::parse(text)) << text;
  }
}

}  // namespace
}  // namespace porthole
