#include "check/offer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/seeded_random.hpp"
#include "wire/sdp.hpp"

namespace porthole::check {
namespace {

using testing::ElementsAre;

constexpr std::string_view kHead = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=ice-lite\r\n";
constexpr std::string_view kCredentials = "a=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\n";

std::string answer(std::string_view candidates) {
  return std::string(kHead) + "m=video 9 UDP/TLS/RTP/SAVPF 96\r\n" + std::string(kCredentials) +
         std::string(candidates);
}

TEST(CheckOffer, IsOneThatAnsweringNeedsNothingMoreFor) {
  test::SeededRandom random{1};
  const IceCredentials ice = make_credentials(random);
  const std::string text = make_offer(ice, "AB:CD", random);
  const auto offer = sdp::parse(text);
  ASSERT_TRUE(offer);
  ASSERT_EQ(offer->media.size(), 1U);
  EXPECT_EQ(offer->media[0].find("ice-ufrag"), ice.ufrag);
  EXPECT_EQ(offer->media[0].find("fingerprint"), "sha-256 AB:CD");
  EXPECT_EQ(offer->media[0].direction(), sdp::Direction::recvonly);
  EXPECT_TRUE(offer->media[0].find("rtcp-mux"));
  EXPECT_NE(make_credentials(random).pwd, ice.pwd);
}

TEST(CheckOffer, AnswerGivesItsCandidatesByTransport) {
  const std::string sdp = answer(
      "a=candidate:1 1 udp 2130706431 192.0.2.1 8443 typ host\r\n"
      "a=candidate:1 1 tcp 2130706175 192.0.2.1 8443 typ host tcptype passive\r\n"
      "a=candidate:2 1 UDP 2130706430 2001:db8::1 8443 typ host\r\n"
      "a=candidate:2 1 udp 2130706430 2001:db8::1 8443 typ host\r\n");
  const auto read = read_answer(sdp);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->ice.ufrag, "abcd");
  EXPECT_THAT(read->udp, ElementsAre(*SocketAddress::parse("192.0.2.1:8443"),
                                     *SocketAddress::parse("[2001:db8::1]:8443")));
  EXPECT_THAT(read->tcp, ElementsAre(*SocketAddress::parse("192.0.2.1:8443")));
}

TEST(CheckOffer, CandidatesThatNobodyCanCheckAreLeftOut) {
  const auto read =
      read_answer(answer("a=candidate:1 1 udp 1 host.local 8443 typ host\r\n"
                         "a=candidate:1 2 udp 1 192.0.2.1 8443 typ host\r\n"
                         "a=candidate:1 1 udp 1 192.0.2.1 0 typ host\r\n"
                         "a=candidate:1 1 udp 1 192.0.2.1 70000 typ host\r\n"
                         "a=candidate:1 1 sctp 1 192.0.2.1 8443 typ host\r\n"
                         "a=candidate:1 1 tcp 1 192.0.2.1 9 typ host tcptype active\r\n"
                         "a=candidate:1\r\n"));
  ASSERT_TRUE(read);
  EXPECT_TRUE(read->udp.empty());
  EXPECT_TRUE(read->tcp.empty());
}

TEST(CheckOffer, ListOfCandidatesHasAnEnd) {
  std::string candidates;
  for (std::size_t i = 1; i <= kMaxCandidates + 1; ++i) {
    candidates += "a=candidate:1 1 udp 1 192.0.2.1 " + std::to_string(i) + " typ host\r\n";
  }
  EXPECT_EQ(read_answer(answer(candidates))->udp.size(), kMaxCandidates);
}

TEST(CheckOffer, AnswerWithoutIceIsRefused) {
  EXPECT_FALSE(read_answer("<html>"));
  EXPECT_FALSE(read_answer(std::string(kHead)));
  EXPECT_FALSE(read_answer(std::string(kHead) + "a=ice-ufrag:\x7f\r\n"));
  EXPECT_FALSE(
      read_answer(std::string(kHead) + "a=ice-ufrag:" + std::string(257, 'a') + "\r\na=ice-pwd:x\r\n"));
}

}  // namespace
}  // namespace porthole::check
