#include "check/turn_link.hpp"

#include <gtest/gtest.h>

namespace porthole::check {
namespace {

std::vector<TurnLink> links_of(std::string_view header) {
  std::vector<TurnLink> links;
  append_turn_links(header, links);
  return links;
}

constexpr const char* kGood =
    "<turn:cam.example:8443?transport=tcp>; rel=\"ice-server\"; username=\"17:a, b; c\"; "
    "credential=\"p\\\"w=\"; "
    "credential-type=\"password\"";

TEST(CheckTurnLink, IsReadWithItsCredentials) {
  const auto links = links_of(kGood);
  ASSERT_EQ(links.size(), 1U);
  EXPECT_EQ(links[0].host, "cam.example");
  EXPECT_EQ(links[0].port, 8443);
  EXPECT_FALSE(links[0].secure);
  EXPECT_FALSE(links[0].udp);
  EXPECT_EQ(links[0].username, "17:a, b; c");
  EXPECT_EQ(links[0].credential, "p\"w=");
}

TEST(CheckTurnLink, SeveralMayShareAHeader) {
  const auto links =
      links_of(std::string(kGood) + ", <turns:[2001:db8::1]:443>;rel=ice-server;username=u;credential=c" +
               ", <turn:192.0.2.1>;rel=ice-server");
  ASSERT_EQ(links.size(), 3U);
  EXPECT_TRUE(links[1].secure);
  EXPECT_FALSE(links[1].udp);
  EXPECT_EQ(links[1].host, "2001:db8::1");
  EXPECT_EQ(links[1].username, "u");
  // RFC 7065 section 3.1.
  EXPECT_TRUE(links[2].udp);
  EXPECT_EQ(links[2].port, 3478);
}

TEST(CheckTurnLink, OtherLinksAndBrokenOnesAreLeftOut) {
  for (const char* header : {"", "<", "<turn:a:1", "turn:a:1; rel=ice-server", "<turn:a:1>; rel=next",
                             "<stun:a:1>; rel=\"ice-server\"", "<http://a:1>; rel=ice-server",
                             "<turn:a:0>; rel=ice-server", "<turn:a:1?transport=sctp>; rel=ice-server",
                             "<turn:a b:1>; rel=ice-server", "<turn:a:1>; rel=\"ice-server\\"}) {
    EXPECT_TRUE(links_of(header).empty()) << header;
  }
}

TEST(CheckTurnLink, ListsAndCredentialsHaveTheirBounds) {
  std::string header;
  for (std::size_t i = 0; i < kMaxTurnLinks + 1; ++i) header += "<turn:a:1>; rel=ice-server,";
  EXPECT_EQ(links_of(header).size(), kMaxTurnLinks);
  const auto with_credential = [](std::size_t size) {
    return links_of("<turn:a:1>; rel=ice-server; credential=" + std::string(size, 'x')).size();
  };
  EXPECT_EQ(with_credential(kMaxTurnCredential), 1U);
  EXPECT_EQ(with_credential(kMaxTurnCredential + 1), 0U);
}

}  // namespace
}  // namespace porthole::check
