#include "check/proxy.hpp"

#include <gtest/gtest.h>

#include <map>

namespace porthole::check {
namespace {

using Variables = std::map<std::string, std::string>;

Result<std::optional<Proxy>, std::string> find(const Variables& variables,
                                               const std::string& host = "cam.example") {
  return find_proxy(host, [&variables](const char* name) {
    const auto found = variables.find(name);
    return found == variables.end() ? nullptr : found->second.c_str();
  });
}

TEST(CheckProxy, IsWhatTheEnvironmentSays) {
  EXPECT_FALSE(*find({}));
  EXPECT_FALSE(*find({{"HTTPS_PROXY", ""}}));
  const auto proxy =
      **find({{"https_proxy", "http://proxy.example:3128/"}, {"HTTP_PROXY", "http://other:1"}});
  EXPECT_EQ(proxy.name(), "proxy.example:3128");
  EXPECT_EQ(proxy.variable, "https_proxy");
  EXPECT_TRUE(proxy.login.empty());
  EXPECT_EQ((**find({{"ALL_PROXY", "192.0.2.9"}})).name(), "192.0.2.9:1080");
}

TEST(CheckProxy, LoginGoesIntoItsHeaderAlone) {
  const auto proxy = **find({{"HTTPS_PROXY", "http://user:p@ss@[2001:db8::9]:8080"}});
  EXPECT_EQ(proxy.name(), "[2001:db8::9]:8080");
  EXPECT_EQ(connect_request(proxy, "cam.example:443"),
            "CONNECT cam.example:443 HTTP/1.1\r\nHost: cam.example:443\r\n"
            "Proxy-Authorization: Basic dXNlcjpwQHNz\r\n\r\n");
}

TEST(CheckProxy, HostsOfNoProxyAreReachedWithout) {
  const auto used_for = [](const char* exceptions, const char* host) {
    return find({{"HTTPS_PROXY", "http://p:1"}, {"NO_PROXY", exceptions}}, host)->has_value();
  };
  EXPECT_FALSE(used_for("*", "cam.example"));
  EXPECT_FALSE(used_for("a, cam.example", "cam.example"));
  EXPECT_FALSE(used_for(".example", "cam.example"));
  EXPECT_FALSE(used_for("example ,", "cam.example"));
  EXPECT_TRUE(used_for("am.example,,", "cam.example"));
  EXPECT_TRUE(used_for("", "cam.example"));
}

TEST(CheckProxy, OfAnotherKindIsSaidToBeIgnored) {
  for (const char* url :
       {"socks5://proxy:1080", "https://proxy:443", "http://", "http://a b:1", "http://a:0"}) {
    const auto proxy = find({{"ALL_PROXY", url}});
    ASSERT_FALSE(proxy) << url;
    EXPECT_NE(proxy.error().find("ALL_PROXY"), std::string::npos);
  }
}

TEST(CheckProxy, AnswerIsAStatusLine) {
  EXPECT_TRUE(read_connect_answer("HTTP/1.1 200 Connection established\r\n\r\n"));
  EXPECT_TRUE(read_connect_answer("HTTP/1.0 200\r\n\r\n"));
  for (const char* head : {"", "\r\n\r\n", "SSH-2.0 200 x\r\n\r\n", "HTTP/1.1\r\n\r\n",
                           "HTTP/1.1 20x\r\n\r\n", "HTTP/1.1 2000 x\r\n\r\n", "HTTP/1.1 302 Found\r\n\r\n"}) {
    const auto answer = read_connect_answer(head);
    ASSERT_FALSE(answer) << head;
    EXPECT_EQ(answer.error().reason, Reason::proxy);
  }
  EXPECT_NE(read_connect_answer("HTTP/1.1 407 Who\x1b?\r\n\r\n").error().detail.find("407 Who??"),
            std::string::npos);
}

}  // namespace
}  // namespace porthole::check
