#include "node/ice_servers.hpp"

#include <gmock/gmock.h>

namespace porthole::node {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

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

TEST(IceServers, AreReachedByThePortOfHttpsWhereAProxyEndedTls) {
  HttpRequest request;
  request.headers = {{"Host", "cam.example"}, {"X-Forwarded-Proto", "https"}};
  request.via.transport = Transport::tcp;
  EXPECT_EQ(authority_of(request), "cam.example:443");
}

std::vector<std::string> urls(std::optional<Rung> rung, bool has_certificate) {
  std::vector<std::string> found;
  for (const IceServer& server : ice_servers("h:1", rung, {"1:a", "b"}, has_certificate)) {
    found.push_back(server.url);
  }
  return found;
}

TEST(IceServers, LeaveTurnOverUdpToThoseWhoForceIt) {
  for (const bool has_certificate : {false, true}) {
    EXPECT_THAT(urls(Rung::turn_tcp, has_certificate), ElementsAre("turn:h:1?transport=tcp"));
    EXPECT_THAT(urls(Rung::turn_udp, has_certificate), ElementsAre("turn:h:1?transport=udp"));
    EXPECT_THAT(urls(Rung::direct, has_certificate), IsEmpty());
    EXPECT_THAT(urls(Rung::ice_tcp, has_certificate), IsEmpty());
  }
}

TEST(IceServers, OfferTurnOverTlsOnlyWithACertificateThatBrowsersTrust) {
  EXPECT_THAT(urls(std::nullopt, false), ElementsAre("turn:h:1?transport=tcp"));
  EXPECT_THAT(urls(std::nullopt, true), ElementsAre("turn:h:1?transport=tcp", "turns:h:1?transport=tcp"));
  EXPECT_THAT(urls(Rung::turn_tls, false), IsEmpty());
  EXPECT_THAT(urls(Rung::turn_tls, true), ElementsAre("turns:h:1?transport=tcp"));
}

TEST(IceServers, AreWrittenForLinkAndForScripts) {
  const auto servers = ice_servers("h:1", std::nullopt, {"1:a", "b"}, false);
  EXPECT_EQ(link_header(servers.front()),
            "<turn:h:1?transport=tcp>; rel=\"ice-server\"; username=\"1:a\"; credential=\"b\"; "
            "credential-type=\"password\"");
  EXPECT_EQ(to_json(servers), R"([{"credential":"b","urls":["turn:h:1?transport=tcp"],"username":"1:a"}])");
}

}  // namespace
}  // namespace porthole::node
