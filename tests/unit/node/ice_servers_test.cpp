#include "node/ice_servers.hpp"

#include <gtest/gtest.h>

namespace porthole::node {
namespace {

std::string authority(const std::string& host, Transport transport = Transport::tcp) {
  HttpRequest request;
  request.headers.emplace_back("Host", host);
  request.via.transport = transport;
  request.via.local = *SocketAddress::parse("192.0.2.1:8443");
  return authority_of(request);
}

TEST(IceServers, NameTheHostAndPortThatTheClientUsed) {
  EXPECT_EQ(authority("cam.example:9000"), "cam.example:9000");
  EXPECT_EQ(authority("cam.example"), "cam.example:80");
  EXPECT_EQ(authority("cam.example", Transport::tls), "cam.example:443");
  EXPECT_EQ(authority("[2001:db8::1]"), "[2001:db8::1]:80");
  EXPECT_EQ(authority("[2001:db8::1]:8443"), "[2001:db8::1]:8443");
}

TEST(IceServers, NameTheAddressThatWasHitWhereTheHostIsNone) {
  for (const char* host :
       {"", "a b", "a\"b", "a>;x", "[::1", "a:b:c:99999", "a:70000", "a:", "[cam]:80", "2001:db8::1"}) {
    EXPECT_EQ(authority(host), "192.0.2.1:8443") << host;
  }
  EXPECT_EQ(authority(std::string(300, 'a')), "192.0.2.1:8443");
}

TEST(IceServers, LeaveTurnOverUdpToThoseWhoForceIt) {
  const turn::Credentials credentials{"1:a", "b"};
  EXPECT_EQ(ice_servers("h:1", std::nullopt, credentials).front().url, "turn:h:1?transport=tcp");
  EXPECT_EQ(ice_servers("h:1", Rung::turn_tcp, credentials).front().url, "turn:h:1?transport=tcp");
  EXPECT_EQ(ice_servers("h:1", Rung::turn_udp, credentials).front().url, "turn:h:1?transport=udp");
  EXPECT_TRUE(ice_servers("h:1", Rung::direct, credentials).empty());
}

TEST(IceServers, AreWrittenForLinkAndForScripts) {
  const auto servers = ice_servers("h:1", std::nullopt, {"1:a", "b"});
  EXPECT_EQ(link_header(servers.front()),
            "<turn:h:1?transport=tcp>; rel=\"ice-server\"; username=\"1:a\"; credential=\"b\"; "
            "credential-type=\"password\"");
  EXPECT_EQ(to_json(servers), R"([{"credential":"b","urls":["turn:h:1?transport=tcp"],"username":"1:a"}])");
}

}  // namespace
}  // namespace porthole::node
