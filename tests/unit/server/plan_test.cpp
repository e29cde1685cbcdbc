#include "server/plan.hpp"

#include <gtest/gtest.h>

#include "support/seeded_random.hpp"

namespace porthole::server {
namespace {

Result<Plan, Error> plan(const ServerOptions& options) {
  test::SeededRandom random;
  return make_plan(options, random);
}

std::string problem(const ServerOptions& options) {
  const auto planned = plan(options);
  if (planned) return "";
  EXPECT_EQ(planned.error().kind, Error::Kind::configuration);
  return planned.error().message;
}

std::vector<SocketAddress> advertised(const std::string& text) {
  ServerOptions options;
  options.advertise = {text};
  return plan(options)->advertise;
}

TEST(Plan, WithoutOptionsIsTheTestPatternOnEveryAddress) {
  const auto planned = plan({});
  ASSERT_TRUE(planned);
  EXPECT_EQ(planned->sources.front().name, "test-pattern");
  ASSERT_EQ(planned->listen.size(), 1U);
  EXPECT_TRUE(planned->listen.front().ip.is_unspecified());
  EXPECT_EQ(planned->listen.front().port, 8443);
}

TEST(Plan, RefusesADelayThatLetsNoFrameThrough) {
  ServerOptions options;
  options.max_delay = std::chrono::milliseconds(0);
  EXPECT_NE(problem(options).find("max_delay"), std::string::npos);
  options.max_delay = std::chrono::milliseconds(1);
  EXPECT_EQ(problem(options), "");
}

TEST(Plan, MakesASecretWhereNoneIsGiven) {
  test::SeededRandom random;
  const auto first = make_plan({}, random);
  const auto second = make_plan({}, random);
  EXPECT_GE(first->secrets.front().size(), 32U);
  EXPECT_NE(first->secrets, second->secrets);
  ServerOptions options;
  options.secrets = {"new", "old"};
  EXPECT_EQ(plan(options)->secrets, options.secrets);
}

TEST(Plan, ReadsEveryFormOfAnAdvertisedAddress) {
  EXPECT_EQ(advertised("192.0.2.1").front(), (SocketAddress{*IpAddress::parse("192.0.2.1"), 0}));
  EXPECT_EQ(advertised("192.0.2.1:443").front(), *SocketAddress::parse("192.0.2.1:443"));
  EXPECT_EQ(advertised("2001:db8::1").front(), (SocketAddress{*IpAddress::parse("2001:db8::1"), 0}));
  EXPECT_EQ(advertised("[2001:db8::1]:443").front(), *SocketAddress::parse("[2001:db8::1]:443"));
  EXPECT_EQ(advertised("[2001:db8::1]").front(), (SocketAddress{*IpAddress::parse("2001:db8::1"), 0}));
  EXPECT_EQ(advertised("localhost:443").front(), *SocketAddress::parse("127.0.0.1:443"));
}

TEST(Plan, TrustsTheNetworksThatAreNamed) {
  ServerOptions options;
  options.trust_proxy = {"192.0.2.0/24", "2001:db8::7"};
  EXPECT_EQ(plan(options)->trusted_proxies.size(), 2U);
  EXPECT_TRUE(plan({})->trusted_proxies.empty());
  options.trust_proxy = {"proxy.example"};
  EXPECT_NE(problem(options).find("--trust-proxy proxy.example: write it as a network"), std::string::npos);
  options.trust_proxy = {"192.0.2.7/24"};
  EXPECT_NE(problem(options).find("write 192.0.2.0/24 for the whole network, or 192.0.2.7"),
            std::string::npos);
}

TEST(Plan, AdvertisesEveryAddressOnce) {
  ServerOptions options;
  options.advertise = {"192.0.2.1:443", "[2001:db8::1]:443", "192.0.2.1:443", "192.0.2.1"};
  EXPECT_EQ(plan(options)->advertise.size(), 3U);
}

TEST(Plan, RefusesToAdvertiseWhatNobodyCanReach) {
  for (const char* text :
       {"0.0.0.0", "0.0.0.0:443", "::", "[::]:443", "224.0.0.1", "[ff02::1]:8443", "fe80::1",
        "nobody.invalid", "nobody.invalid:443", ":443", "192.0.2.1:70000", "[2001:db8::1"}) {
    ServerOptions options;
    options.advertise = {text};
    EXPECT_NE(problem(options).find(text), std::string::npos) << text;
  }
}

std::vector<IpAddress> served(const std::vector<std::string>& listen) {
  std::vector<IpAddress> local;
  for (const char* text : {"192.0.2.1", "127.0.0.1", "2001:db8::1", "::1"})
    local.push_back(*IpAddress::parse(text));
  std::vector<SocketAddress> at;
  for (const std::string& text : listen) at.push_back({*IpAddress::parse(text), 8443});
  return served_addresses(at, local);
}

TEST(Plan, TellsViewersOfNoAddressThatItDoesNotListenOn) {
  EXPECT_EQ(served({"::"}).size(), 4U);
  EXPECT_EQ(served({"0.0.0.0"}).size(), 2U);
  EXPECT_EQ(served({"127.0.0.1", "2001:db8::1"}),
            (std::vector<IpAddress>{*IpAddress::parse("127.0.0.1"), *IpAddress::parse("2001:db8::1")}));
}

TEST(Plan, RefusesMoreSecretsThanItWouldVerify) {
  ServerOptions options;
  options.secrets = {"a", "b", "c", "d", "e"};
  EXPECT_NE(problem(options).find("secrets"), std::string::npos);
}

TEST(Plan, RefusesNamesThatCannotBePaths) {
  for (const char* name : {"", "a/b", "a b", ".hidden", "api", "whep", "healthz", "diagnose", "é"}) {
    ServerOptions options;
    options.sources = {{name, "test-pattern:"}};
    EXPECT_NE(problem(options), "") << name;
  }
  ServerOptions options;
  options.sources = {{std::string(65, 'a'), "test-pattern:"}};
  EXPECT_NE(problem(options), "");
}

TEST(Plan, RefusesANameThatIsUsedTwice) {
  ServerOptions options;
  options.sources = {{"a", "test-pattern:"}, {"a", "film.mp4"}};
  EXPECT_EQ(problem(options), "stream name 'a' is used twice: give each source a name of its own");
}

}  // namespace
}  // namespace porthole::server
