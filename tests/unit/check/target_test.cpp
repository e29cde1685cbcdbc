#include "check/target.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace porthole::check {
namespace {

using testing::ElementsAre;

std::vector<std::string> tried(std::string_view url) {
  const auto targets = parse_url(url);
  std::vector<std::string> urls;
  if (targets) {
    for (const Target& target : *targets) urls.push_back(target.url());
  }
  return urls;
}

TEST(CheckTarget, UrlThatSaysAllIsTheOnlyOneTried) {
  EXPECT_THAT(tried("http://cam.example:8443/garden"), ElementsAre("http://cam.example:8443/garden"));
  EXPECT_THAT(tried("HTTPS://Cam.Example:9000"), ElementsAre("https://cam.example:9000/"));
  EXPECT_THAT(tried("https://[2001:DB8::1]:8443/a?path=direct#x"),
              ElementsAre("https://[2001:db8::1]:8443/a"));
}

TEST(CheckTarget, SchemeImpliesItsPort) {
  EXPECT_THAT(tried("http://cam.example/garden"), ElementsAre("http://cam.example:80/garden"));
  EXPECT_THAT(tried("https://192.0.2.1/"), ElementsAre("https://192.0.2.1:443/"));
}

TEST(CheckTarget, WithoutASchemeTheLikelyOnesAreTried) {
  EXPECT_THAT(tried("cam.example:9000/a"),
              ElementsAre("http://cam.example:9000/a", "https://cam.example:9000/a"));
  EXPECT_THAT(tried("cam.example:443"), ElementsAre("https://cam.example:443/", "http://cam.example:443/"));
  EXPECT_THAT(tried("cam.example"), ElementsAre("http://cam.example:8443/", "https://cam.example:8443/",
                                                "https://cam.example:443/", "http://cam.example:80/"));
}

TEST(CheckTarget, UrlOfAWhepEndpointNamesItsStream) {
  EXPECT_THAT(tried("http://cam.example:8443/whep/garden/abc"),
              ElementsAre("http://cam.example:8443/garden"));
}

TEST(CheckTarget, WhatIsNoUrlIsSaidSoWithoutItsControlCharacters) {
  for (const char* url : {"", "/garden", "ftp://cam.example", "http://", "http://cam.example:0",
                          "http://a:70000", "http://user@cam.example", "http://[2001:db8::1",
                          "http://[nonsense]:1", "http://a b", "http://a\x1b[2J", "http://a:80x/"}) {
    const auto targets = parse_url(url);
    ASSERT_FALSE(targets) << url;
    EXPECT_NE(targets.error().find("http(s)://HOST"), std::string::npos) << url;
    EXPECT_EQ(targets.error().find('\x1b'), std::string::npos) << url;
  }
  EXPECT_FALSE(parse_url("http://" + std::string(kMaxHost + 1, 'a')));
  EXPECT_TRUE(parse_url("http://" + std::string(kMaxHost, 'a')));
}

TEST(CheckTarget, StreamHasANameThatAServerCouldHaveGivenIt) {
  EXPECT_TRUE(parse_url("http://cam.example/" + std::string(kMaxStreamName, 'a')));
  EXPECT_FALSE(parse_url("http://cam.example/" + std::string(kMaxStreamName + 1, 'a')));
  EXPECT_FALSE(parse_url("http://cam.example/a%20b"));
}

}  // namespace
}  // namespace porthole::check
