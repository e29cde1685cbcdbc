#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <porthole/ice_servers.hpp>

#include "crypto/hmac.hpp"

namespace porthole {
namespace {

IceServersOptions good_options() {
  IceServersOptions options;
  options.secrets = {"the secret", "the one before"};
  options.urls = {"turn:cam.example:8443?transport=udp", "turn:cam.example:8443?transport=tcp"};
  options.user = "alice";
  return options;
}

std::string problem(const IceServersOptions& options) {
  const auto made = ice_servers(options);
  const auto* error = std::get_if<Error>(&made);
  return error == nullptr ? "" : error->message;
}

TEST(IceServers, AreWhatAnRtcPeerConnectionTakes) {
  const auto made = ice_servers(good_options());
  ASSERT_TRUE(std::holds_alternative<std::string>(made));
  const auto json = nlohmann::json::parse(std::get<std::string>(made));
  ASSERT_EQ(json.size(), 1U);
  EXPECT_EQ(json[0]["urls"].get<std::vector<std::string>>(), good_options().urls);
  const auto username = json[0]["username"].get<std::string>();
  EXPECT_TRUE(username.ends_with(":alice"));
  // draft-uberti-behave-turn-rest: whoever has the secret can tell that the password is right.
  EXPECT_EQ(json[0]["credential"],
            crypto::base64(crypto::hmac_sha1(as_bytes("the secret"), {as_bytes(username)})));
}

TEST(IceServers, ExpireWhenTheyAreToldTo) {
  IceServersOptions options = good_options();
  const auto expiry = [&] {
    const auto made = std::get<std::string>(ice_servers(options));
    return std::stoll(nlohmann::json::parse(made)[0]["username"].get<std::string>());
  };
  options.ttl = std::chrono::seconds(60);
  const auto soon = expiry();
  options.ttl = std::chrono::hours(24);
  EXPECT_NEAR(static_cast<double>(expiry() - soon), 24 * 3600 - 60, 5);
}

TEST(IceServers, TakeTheUrlsOfRfc7065WithAPort) {
  IceServersOptions options = good_options();
  for (const char* url :
       {"turn:192.0.2.1:8443", "turn:[2001:db8::1]:8443?transport=tcp", "turns:cam.example:443"}) {
    options.urls = {url};
    EXPECT_EQ(problem(options), "") << url;
  }
  for (const char* url : {"", "turn:", "turn:cam.example", "turn:cam.example:0", "turn:cam.example:70000",
                          "stun:cam.example:1", "http://cam.example:1", "turn:cam.example:1?transport=sctp",
                          "turn:a b:1", "turn:\"x\":1", "turn://cam.example:1", "turn:[nonsense]:1"}) {
    options.urls = {url};
    EXPECT_NE(problem(options).find("turn:HOST:PORT"), std::string::npos) << url;
  }
}

TEST(IceServers, SayWhatIsMissingOrWrong) {
  const auto with = [](auto change) {
    IceServersOptions options = good_options();
    change(options);
    return problem(options);
  };
  EXPECT_NE(with([](auto& options) { options.secrets.clear(); }).find("--secret-file"), std::string::npos);
  EXPECT_NE(with([](auto& options) { options.secrets = {""}; }).find("empty secret"), std::string::npos);
  EXPECT_NE(with([](auto& options) { options.urls.clear(); }).find("--url"), std::string::npos);
  EXPECT_NE(with([](auto& options) { options.ttl = std::chrono::seconds(0); }).find("--ttl"),
            std::string::npos);
  EXPECT_NE(with([](auto& options) { options.user = "a\nb"; }).find("--user"), std::string::npos);
  EXPECT_NE(with([](auto& options) { options.user = std::string(300, 'a'); }).find("--user"),
            std::string::npos);
}

// What an operator puts there is for a page: JSON has to survive it.
TEST(IceServers, QuoteWhateverAUserIsCalled) {
  IceServersOptions options = good_options();
  options.user = R"(a"b\c:</script>')";
  const auto made = ice_servers(options);
  ASSERT_TRUE(std::holds_alternative<std::string>(made));
  const auto json = nlohmann::json::parse(std::get<std::string>(made));
  EXPECT_TRUE(json[0]["username"].get<std::string>().ends_with(":" + options.user));
  for (const char* hostile : {"a b", "a\x7f", "a\x01", "\xc3\xa9", "a\r\nb"}) {
    options.user = hostile;
    EXPECT_NE(problem(options).find("--user"), std::string::npos) << hostile;
  }
}

}  // namespace
}  // namespace porthole
