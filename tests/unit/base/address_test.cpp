#include "base/address.hpp"

#include <gtest/gtest.h>

namespace porthole {
namespace {

std::string round_trip(std::string_view text) {
  const auto ip = IpAddress::parse(text);
  return ip ? ip->to_string() : "refused";
}

TEST(IpAddress, ReadsAndWritesBothFamilies) {
  EXPECT_EQ(round_trip("192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(round_trip("255.255.255.255"), "255.255.255.255");
  EXPECT_EQ(round_trip("::"), "::");
  EXPECT_EQ(round_trip("::1"), "::1");
  EXPECT_EQ(round_trip("2001:DB8:0:0:1:0:0:1"), "2001:db8::1:0:0:1");
  EXPECT_EQ(round_trip("fe80::"), "fe80::");
  EXPECT_EQ(round_trip("1:2:3:4:5:6:7:8"), "1:2:3:4:5:6:7:8");
  EXPECT_EQ(round_trip("1:0:3:4:5:6:7:8"), "1:0:3:4:5:6:7:8");
  EXPECT_EQ(round_trip("::ffff:192.0.2.1"), "::ffff:c000:201");
}

TEST(IpAddress, RefusesWhatIsNotAnAddress) {
  for (const char* text : {"", "1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4", "1.2.3.4 ", "1..2.3", ":",
                           ":::", "1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "12345::", "::1.2.3",
                           "g::", "1:2:3:4:5:6:7:8::", "1:", ":1", "1.2.3.4::"}) {
    EXPECT_FALSE(IpAddress::parse(text)) << text;
  }
}

TEST(IpAddress, KnowsItsKind) {
  EXPECT_TRUE(IpAddress::parse("127.9.9.9")->is_loopback());
  EXPECT_TRUE(IpAddress::parse("::1")->is_loopback());
  EXPECT_TRUE(IpAddress::parse("169.254.1.1")->is_link_local());
  EXPECT_TRUE(IpAddress::parse("febf::1")->is_link_local());
  EXPECT_TRUE(IpAddress::parse("172.31.0.1")->is_private());
  EXPECT_FALSE(IpAddress::parse("172.32.0.1")->is_private());
  EXPECT_TRUE(IpAddress::parse("fd00::1")->is_private());
  EXPECT_TRUE(IpAddress::parse("239.1.1.1")->is_multicast());
  EXPECT_EQ(IpAddress::parse("::ffff:127.0.0.1")->unmapped(), *IpAddress::parse("127.0.0.1"));
}

TEST(IpAddress, OnlyALinkLocalIpv6AddressHasAZone) {
  const IpAddress link_local = *IpAddress::parse("fe80::1");
  EXPECT_EQ(link_local.zone(), 0U);
  EXPECT_EQ(link_local.with_zone(3).zone(), 3U);
  EXPECT_EQ(link_local.with_zone(3).to_string(), "fe80::1");
  EXPECT_NE(link_local.with_zone(3), link_local.with_zone(4));
  for (const char* text : {"2001:db8::1", "::1", "169.254.1.1", "::ffff:169.254.1.1"}) {
    EXPECT_EQ(IpAddress::parse(text)->with_zone(3).zone(), 0U) << text;
  }
}

TEST(SocketAddress, ReadsAndWritesBothFamilies) {
  EXPECT_EQ(SocketAddress::parse("192.0.2.1:8443")->to_string(), "192.0.2.1:8443");
  EXPECT_EQ(SocketAddress::parse("[2001:db8::1]:443")->to_string(), "[2001:db8::1]:443");
  for (const char* text :
       {"192.0.2.1", "2001:db8::1:443", "[192.0.2.1]:443", "192.0.2.1:65536", "192.0.2.1:", ":1"}) {
    EXPECT_FALSE(SocketAddress::parse(text)) << text;
  }
}

TEST(IpAddress, CustomerIsTheIpv4AddressOrTheIpv6NetworkOfSixtyFourBits) {
  EXPECT_EQ(IpAddress::parse("192.0.2.7")->customer(), IpAddress::parse("192.0.2.7"));
  EXPECT_EQ(IpAddress::parse("2001:db8:1:2:3:4:5:6")->customer(), IpAddress::parse("2001:db8:1:2::"));
  EXPECT_NE(IpAddress::parse("2001:db8:1:2::7")->customer(), IpAddress::parse("2001:db8:1:3::7")->customer());
}

}  // namespace
}  // namespace porthole
