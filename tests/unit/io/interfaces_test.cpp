#include "io/interfaces.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace porthole::io {
namespace {

TEST(LocalAddresses, PutLoopbackLastAndLeaveOutLinkLocal) {
  const std::vector<IpAddress> addresses = local_addresses();
  EXPECT_NE(std::ranges::find(addresses, *IpAddress::parse("127.0.0.1")), addresses.end());
  EXPECT_TRUE(std::ranges::is_partitioned(addresses, [](const IpAddress& ip) { return !ip.is_loopback(); }));
  EXPECT_TRUE(std::ranges::none_of(addresses, [](const IpAddress& ip) { return ip.is_link_local(); }));
}

TEST(LocalAddresses, PutIpv4First) {
  std::vector<IpAddress> ordinary = local_addresses();
  std::erase_if(ordinary, [](const IpAddress& ip) { return ip.is_loopback(); });
  EXPECT_TRUE(std::ranges::is_partitioned(ordinary, [](const IpAddress& ip) { return ip.is_v4(); }));
}

}  // namespace
}  // namespace porthole::io
