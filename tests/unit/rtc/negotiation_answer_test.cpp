#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <random>
#include <string>

#include "rtc/negotiation.hpp"
#include "unit/rtc/offers.hpp"

namespace porthole::rtc {
namespace {

using test::load;
using test::replaced;
using test::without_line;
using testing::HasSubstr;
using testing::Not;

AnswerParameters parameters(const Offer& offer) {
  AnswerParameters answer;
  answer.ice = {"localufrag", "localpassword0123456789"};
  answer.fingerprint = "AA:BB";
  answer.role = answer_role(offer);
  answer.candidates.udp = {*SocketAddress::parse("192.0.2.1:8443"),
                           *SocketAddress::parse("[2001:db8::1]:8443"),
                           *SocketAddress::parse("192.0.2.1:40000")};
  answer.candidates.tcp = {answer.candidates.udp[0], answer.candidates.udp[1]};
  answer.ssrc = 1111;
  answer.rtx_ssrc = 2222;
  answer.cname = "cname1";
  answer.stream_id = "stream1";
  answer.track_id = "track1";
  answer.session_id = 0xFFFF'FFFF'FFFF'FFFF;
  const auto choice = choose(offer, std::array{VideoCodec::h264, VideoCodec::vp8}, "42c01f");
  EXPECT_TRUE(choice);
  if (choice) answer.choice = *choice;
  return answer;
}

TEST(WriteAnswer, RejectsEverythingButTheOneVideo) {
  const auto offer = read_offer(load("chromium-156-video-audio-data"));
  ASSERT_TRUE(offer);
  const std::string answer = write_answer(*offer, parameters(*offer));
  EXPECT_THAT(answer, HasSubstr("\r\na=group:BUNDLE 0\r\n"));
  EXPECT_THAT(answer,
              HasSubstr("m=video 8443 UDP/TLS/RTP/SAVPF 108 109\r\nc=IN IP4 192.0.2.1\r\na=mid:0\r\n"));
  EXPECT_THAT(answer,
              HasSubstr("m=audio 0 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=mid:1\r\na=inactive\r\n"));
  EXPECT_THAT(
      answer,
      HasSubstr("m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=mid:2\r\n"));
  EXPECT_LT(answer.find("m=video"), answer.find("m=audio"));
}

// Measured: with bundlePolicy max-bundle Chromium refuses an answer that rejects the first of the bundle.
TEST(WriteAnswer, KeepsTheLeaderOfTheBundleInactive) {
  for (const char* name : {"chromium-156-max-bundle", "chromium-156-audio-video"}) {
    const auto offer = read_offer(load(name));
    ASSERT_TRUE(offer);
    const std::string answer = write_answer(*offer, parameters(*offer));
    EXPECT_THAT(answer, HasSubstr("a=group:BUNDLE 0 1\r\n"));
    EXPECT_THAT(answer, HasSubstr("m=audio 8443 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 192.0.2.1\r\na=mid:0\r\n"
                                  "a=inactive\r\na=rtcp-mux\r\na=ice-ufrag:localufrag\r\n"));
    EXPECT_THAT(answer, HasSubstr("a=rtpmap:111 opus/48000/2\r\n"));
    EXPECT_LT(answer.find("a=candidate"), answer.find("m=video")) << "the first carries the transport";
    EXPECT_NE(answer.find("a=candidate", answer.find("m=video")), std::string::npos);
    EXPECT_LT(answer.find("m=video"), answer.find("a=sendonly"));
  }
}

TEST(WriteAnswer, RejectsALeaderThatCannotCarryMedia) {
  for (const char* line :
       {"m=application 9 UDP/DTLS/SCTP webrtc-datachannel", "m=audio 0 UDP/TLS/RTP/SAVPF 111"}) {
    const auto offer = read_offer(replaced(load("chromium-156-audio-video"),
                                           "m=audio 9 UDP/TLS/RTP/SAVPF 111 63 9 0 8 13 110 126", line));
    ASSERT_TRUE(offer);
    const std::string answer = write_answer(*offer, parameters(*offer));
    EXPECT_THAT(answer, HasSubstr("a=group:BUNDLE 1\r\n"));
    EXPECT_THAT(answer, testing::ContainsRegex("m=(audio|application) 0 "));
  }
}

TEST(WriteAnswer, HasAllThatAReceiverNeeds) {
  const auto offer = read_offer(load("chromium-156-video"));
  ASSERT_TRUE(offer);
  const std::string answer = write_answer(*offer, parameters(*offer));
  for (const char* line :
       {"v=0",
        "o=- 9223372036854775807 1 IN IP4 0.0.0.0",
        "s=-",
        "t=0 0",
        "a=ice-lite",
        "a=msid-semantic:WMS *",
        "a=sendonly",
        "a=rtcp-mux",
        "a=rtcp-rsize",
        "a=setup:passive",
        "a=fingerprint:sha-256 AA:BB",
        "a=ice-ufrag:localufrag",
        "a=ice-pwd:localpassword0123456789",
        "a=rtpmap:108 H264/90000",
        "a=fmtp:108 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
        "a=rtcp-fb:108 nack",
        "a=rtcp-fb:108 nack pli",
        "a=rtcp-fb:108 ccm fir",
        "a=rtpmap:109 rtx/90000",
        "a=fmtp:109 apt=108",
        "a=extmap:5 http://www.webrtc.org/experiments/rtp-hdrext/playout-delay",
        "a=msid:stream1 track1",
        "a=ssrc-group:FID 1111 2222",
        "a=ssrc:1111 cname:cname1",
        "a=ssrc:2222 cname:cname1",
        "a=ssrc:1111 msid:stream1 track1",
        "a=end-of-candidates"}) {
    EXPECT_THAT("\r\n" + answer, HasSubstr(std::string("\r\n") + line + "\r\n"));
  }
  EXPECT_THAT(answer, Not(HasSubstr("goog-remb")));
  EXPECT_THAT(answer, Not(HasSubstr("transport-cc")));
}

TEST(WriteAnswer, CandidatesDescendInPriorityAndShareFoundationsByAddress) {
  const auto offer = read_offer(load("chromium-156-video"));
  ASSERT_TRUE(offer);
  const std::string answer = write_answer(*offer, parameters(*offer));
  EXPECT_THAT(answer, HasSubstr("a=candidate:1 1 udp 2130706431 192.0.2.1 8443 typ host\r\n"
                                "a=candidate:2 1 udp 2130706175 2001:db8::1 8443 typ host\r\n"
                                "a=candidate:1 1 udp 2130705919 192.0.2.1 40000 typ host\r\n"
                                "a=candidate:4 1 TCP 1520435199 192.0.2.1 8443 typ host tcptype passive\r\n"
                                "a=candidate:5 1 TCP 1520434943 2001:db8::1 8443 typ host tcptype passive\r\n"
                                "a=end-of-candidates\r\n"));
}

TEST(WriteAnswer, TurnsADirectedExtensionAround) {
  const auto offer = read_offer(load("firefox-153-video"));
  ASSERT_TRUE(offer);
  EXPECT_THAT(write_answer(*offer, parameters(*offer)),
              HasSubstr("a=extmap:6/sendonly http://www.webrtc.org/"));
}

TEST(WriteAnswer, AnswersOnlyWhatWasOffered) {
  std::string text = load("firefox-153-video");
  for (const char* line : {"a=rtcp-rsize", "a=rtcp-fb", "a=extmap", "a=fmtp:124", "a=group", "a=mid"}) {
    text = without_line(text, line);
  }
  const auto offer = read_offer(replaced(text, "setup:actpass", "setup:passive"));
  ASSERT_TRUE(offer);
  AnswerParameters answer_parameters = parameters(*offer);
  answer_parameters.candidates = {};
  const std::string answer = write_answer(*offer, answer_parameters);
  EXPECT_THAT(answer, HasSubstr("m=video 9 UDP/TLS/RTP/SAVPF 120\r\nc=IN IP4 0.0.0.0\r\n"));
  EXPECT_THAT(answer, HasSubstr("a=setup:active\r\n"));
  for (const char* absent :
       {"rtcp-rsize", "rtcp-fb", "extmap", "rtx", "FID", "2222", "group", "a=mid", "BUNDLE"}) {
    EXPECT_THAT(answer, Not(HasSubstr(absent)));
  }
}

TEST(AnswerRole, LeavesTheClientHelloToTheViewerWhereverTheOfferAllows) {
  const std::string text = load("chromium-156-video");
  EXPECT_EQ(answer_role(*read_offer(text)), crypto::DtlsRole::server);
  EXPECT_EQ(answer_role(*read_offer(replaced(text, "actpass", "passive"))), crypto::DtlsRole::client);
  EXPECT_EQ(answer_role(*read_offer(replaced(text, "actpass", "active"))), crypto::DtlsRole::server);
}

TEST(Fragment, TellsARestartFromMoreCandidates) {
  const IceCredentials known = {"abcd", "0123456789012345678901"};
  const std::string text =
      "a=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:0\r\n"
      "a=candidate:1 1 udp 1 192.0.2.9 5 typ host\r\n";
  const auto more = read_fragment(text);
  ASSERT_TRUE(more);
  EXPECT_FALSE(is_ice_restart(*more, known));
  EXPECT_FALSE(more->end_of_candidates);
  const auto restart = read_fragment(replaced(text, "abcd", "wxyz") + "a=end-of-candidates\r\n");
  ASSERT_TRUE(restart);
  EXPECT_EQ(restart->ice.ufrag, "wxyz");
  EXPECT_TRUE(is_ice_restart(*restart, known));
  EXPECT_TRUE(restart->end_of_candidates);
}

TEST(Fragment, FindsCredentialsBelowAnMLineToo) {
  const auto fragment = read_fragment(
      "m=audio 9 X 0\nm=video 9 X 96\na=mid:1\na=ice-ufrag:abcd\na=ice-pwd:0123456789012345678901\n");
  ASSERT_TRUE(fragment);
  EXPECT_EQ(fragment->ice.ufrag, "abcd");
}

TEST(Fragment, WithoutCredentialsIsNoRestartAndWithHalfOfThemIsAnError) {
  const auto empty = read_fragment("m=audio 9 X 0\r\na=end-of-candidates\r\n");
  ASSERT_TRUE(empty);
  EXPECT_FALSE(is_ice_restart(*empty, {"abcd", "0123456789012345678901"}));
  const auto half = read_fragment("a=ice-ufrag:abcd\r\n");
  ASSERT_FALSE(half);
  EXPECT_EQ(half.error(), OfferError::no_ice);
  EXPECT_FALSE(read_fragment("{}"));
}

TEST(Fragment, TheAnswerToARestartReadsBack) {
  const auto offer = read_offer(load("firefox-153-audio-video"));
  ASSERT_TRUE(offer);
  const std::vector ours = {*SocketAddress::parse("192.0.2.1:8443")};
  const Candidates candidates{.udp = ours, .tcp = ours};
  const std::string text = write_fragment(*offer, {"newu", "newpassword0123456789012"}, candidates);
  EXPECT_THAT(text, HasSubstr("a=ice-lite\r\n"));
  EXPECT_THAT(text, HasSubstr("a=group:BUNDLE 0 1\r\nm=audio 9 UDP/TLS/RTP/SAVPF 109\r\na=mid:0\r\n"));
  EXPECT_THAT(text, HasSubstr("a=candidate:1 1 udp 2130706431 192.0.2.1 8443 typ host\r\n"
                              "a=candidate:2 1 TCP 1520435199 192.0.2.1 8443 typ host tcptype passive\r\n"));
  const auto read = read_fragment(text);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->ice, (IceCredentials{"newu", "newpassword0123456789012"}));
  EXPECT_TRUE(read->end_of_candidates);
}

// The sanitizers are the judges here.
TEST(WriteAnswer, MutilatedOffersNeverCrash) {
  std::mt19937 random(3);
  const std::array<std::string, 3> originals = {load("chromium-156-video-audio-data"),
                                                load("firefox-153-max-bundle"),
                                                load("firefox-153-audio-video-gathered")};
  for (int round = 0; round < 600; ++round) {
    std::string text = originals[random() % originals.size()];
    for (auto changes = 1 + random() % 6; changes > 0; --changes) {
      const std::size_t at = random() % text.size();
      if (random() % 2 == 0) text[at] = static_cast<char>(' ' + random() % 95);
      if (random() % 2 == 0) text.insert(at, text.substr(random() % text.size(), random() % 60));
      if (random() % 2 == 0) text.erase(at, random() % 30);
    }
    const auto offer = read_offer(text);
    if (!offer) continue;
    EXPECT_FALSE(write_answer(*offer, parameters(*offer)).empty());
  }
}

}  // namespace
}  // namespace porthole::rtc
