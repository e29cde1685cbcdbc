#include "io/resolve.hpp"

#include <gmock/gmock.h>

namespace porthole::io {
namespace {

TEST(Resolve, TakesAddressesAsTheyAre) {
  EXPECT_THAT(resolve("192.0.2.7"), testing::ElementsAre(*IpAddress::parse("192.0.2.7")));
  EXPECT_THAT(resolve("2001:db8::7"), testing::ElementsAre(*IpAddress::parse("2001:db8::7")));
}

TEST(Resolve, FindsThisMachineByName) {
  for (const IpAddress& ip : resolve("localhost")) EXPECT_TRUE(ip.is_loopback());
  EXPECT_FALSE(resolve("localhost").empty());
}

TEST(Resolve, HasNothingToSayAboutWhatIsNoName) {
  EXPECT_TRUE(resolve(std::string(300, 'x')).empty());
}

}  // namespace
}  // namespace porthole::io
