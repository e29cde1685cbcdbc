#include "rtc/negotiation.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

#include "unit/rtc/offers.hpp"

namespace porthole::rtc {
namespace {

using test::load;
using test::replaced;
using test::without_line;

constexpr std::array kBoth = {VideoCodec::h264, VideoCodec::vp8};
constexpr std::array kVp8 = {VideoCodec::vp8};

OfferError error_of(const std::string& text) {
  const auto offer = read_offer(text);
  EXPECT_FALSE(offer);
  return offer ? OfferError::malformed : offer.error();
}

// An offer of H.264 in these profiles, payload types 100, 101, …
std::string h264_offer(const std::vector<std::string>& fmtps) {
  std::string formats;
  std::string maps;
  for (std::size_t i = 0; i < fmtps.size(); ++i) {
    const std::string type = std::to_string(100 + i);
    formats += " " + type;
    maps += "a=rtpmap:" + type + " H264/90000\r\na=fmtp:" + type + " " + fmtps[i] + "\r\n";
  }
  return "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\nm=video 9 UDP/TLS/RTP/SAVPF" + formats +
         "\r\na=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\na=rtcp-mux\r\na=fingerprint:sha-256 "
         "34:83:BC:12:35:D0:7C:94:D5:D3:FC:4C:54:43:35:53:3B:32:65:DD:57:BE:55:F1:CD:00:80:32:F7:C7:A5:"
         "A1\r\n" +
         maps;
}

std::string profile(const std::string& profile_level_id) {
  return "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=" + profile_level_id;
}

TEST(ReadOffer, ChromiumOffersH264AndVp8) {
  const auto offer = read_offer(load("chromium-156-video"));
  ASSERT_TRUE(offer);
  EXPECT_EQ(offer->ice, (IceCredentials{"7vmm", "M4DEBlEmDjvsAQzNUHAHFzpz"}));
  EXPECT_THAT(offer->fingerprint, testing::StartsWith("sha-256 34:83:BC"));
  EXPECT_EQ(offer->setup, DtlsSetup::actpass);
  EXPECT_EQ(offer->playout_delay_id, 5);
  EXPECT_FALSE(offer->playout_delay_recvonly);
  EXPECT_TRUE(offer->rtcp_rsize);
  EXPECT_TRUE(offer->bundled);
  ASSERT_EQ(offer->formats.size(), 5u) << "VP8 and four of H.264 with packetization-mode 1";
  const OfferedFormat& vp8 = offer->formats[0];
  EXPECT_EQ(vp8.codec, VideoCodec::vp8);
  EXPECT_EQ(vp8.payload_type, 96);
  EXPECT_EQ(vp8.rtx_payload_type, 97);
  const OfferedFormat& h264 = offer->formats[2];
  EXPECT_EQ(h264.codec, VideoCodec::h264);
  EXPECT_EQ(h264.payload_type, 108);
  EXPECT_EQ(h264.rtx_payload_type, 109);
  EXPECT_EQ(h264.profile_level_id, 0x42E01Fu);
  EXPECT_TRUE(h264.level_asymmetry_allowed && h264.nack && h264.nack_pli && h264.ccm_fir);
}

TEST(ReadOffer, FirefoxInAClosedNetworkOffersVp8Only) {
  const auto offer = read_offer(load("firefox-153-audio-video"));
  ASSERT_TRUE(offer);
  EXPECT_EQ(offer->video, 1u);
  EXPECT_FALSE(offer->fingerprint.empty()) << "stands at session level";
  EXPECT_EQ(offer->playout_delay_id, 6);
  EXPECT_TRUE(offer->playout_delay_recvonly);
  ASSERT_EQ(offer->formats.size(), 1u);
  EXPECT_EQ(offer->formats[0].payload_type, 120);
  EXPECT_EQ(offer->formats[0].rtx_payload_type, 124);
}

TEST(ReadOffer, EveryReceivingBrowserOfferIsUnderstood) {
  for (const char* name : {"chromium-156-audio-video", "chromium-156-max-bundle",
                           "chromium-156-video-audio-data", "firefox-153-audio-video-gathered",
                           "firefox-153-max-bundle", "firefox-153-video", "firefox-153-video-audio-data"}) {
    EXPECT_TRUE(read_offer(load(name))) << name;
  }
}

TEST(ReadOffer, SendonlyVideoHasNothingToReceive) {
  EXPECT_EQ(error_of(load("chromium-156-sendonly")), OfferError::nothing_to_receive);
  EXPECT_EQ(error_of(load("firefox-153-sendonly")), OfferError::nothing_to_receive);
  EXPECT_EQ(error_of(replaced(load("firefox-153-video"), "a=recvonly", "a=inactive")),
            OfferError::nothing_to_receive);
}

TEST(ReadOffer, ASecondVideoThatCanReceiveWillDo) {
  std::string text = load("chromium-156-sendonly");
  const std::string video = load("firefox-153-video");
  text += replaced(video.substr(video.find("m=video")), "a=mid:0", "a=mid:7");
  text += "a=fingerprint:sha-256 " + read_offer(video)->fingerprint.substr(8) + "\r\n";
  const auto offer = read_offer(text);
  ASSERT_TRUE(offer);
  EXPECT_EQ(offer->video, 1u);
  EXPECT_EQ(offer->media[1].mid, "7");
  EXPECT_FALSE(offer->bundled);
}

TEST(ReadOffer, SaysWhatIsMissing) {
  const std::string text = load("chromium-156-video");
  EXPECT_EQ(error_of("not SDP"), OfferError::malformed);
  EXPECT_EQ(error_of(text.substr(0, text.find("m=video"))), OfferError::no_video);
  EXPECT_EQ(error_of(replaced(text, "m=video 9", "m=video 0")), OfferError::no_video);
  EXPECT_EQ(error_of(replaced(text, "UDP/TLS/RTP/SAVPF", "RTP/AVP")), OfferError::wrong_transport);
  EXPECT_EQ(error_of(without_line(text, "a=rtcp-mux")), OfferError::no_rtcp_mux);
  EXPECT_EQ(error_of(without_line(text, "a=ice-ufrag")), OfferError::no_ice);
  EXPECT_EQ(error_of(without_line(text, "a=ice-pwd")), OfferError::no_ice);
  EXPECT_EQ(error_of(replaced(text, "ice-ufrag:7vmm", "ice-ufrag:7:mm")), OfferError::no_ice);
  EXPECT_EQ(error_of(replaced(text, "ice-ufrag:7vmm", "ice-ufrag:7vm")), OfferError::no_ice);
  EXPECT_EQ(error_of(replaced(text, "ice-pwd:", "ice-pwd:" + std::string(233, 'a'))), OfferError::no_ice);
  EXPECT_EQ(error_of(without_line(text, "a=fingerprint")), OfferError::no_fingerprint);
  EXPECT_EQ(error_of(replaced(text, "sha-256 34:", "sha-256 ")), OfferError::no_fingerprint);
  EXPECT_EQ(error_of(replaced(text, "setup:actpass", "setup:holdconn")), OfferError::malformed);
  EXPECT_EQ(error_of(replaced(text, "a=mid:0", "a=mid:0 1")), OfferError::malformed);
  EXPECT_EQ(error_of(replaced(replaced(text, "VP8", "VPX"), "H264", "H26X")), OfferError::no_common_codec);
}

TEST(ReadOffer, OfSeveralFingerprintsTheStrongestCounts) {
  const std::string text = load("chromium-156-video");
  std::string sha512 = "sha-512 00";
  for (int i = 1; i < 64; ++i) sha512 += ":11";
  for (const std::string before : {"a=setup", "a=fingerprint:sha-256"}) {
    const auto offer = read_offer(
        replaced(text, before, "a=fingerprint:" + sha512 + "\r\na=fingerprint:md5 00:11\r\n" + before));
    ASSERT_TRUE(offer);
    EXPECT_EQ(offer->fingerprint, sha512);
  }
}

TEST(ReadOffer, ABundleOnlyVideoFindsItsTransportInTheFirstOfTheBundle) {
  std::string text = load("firefox-153-max-bundle");
  const std::size_t video = text.find("m=video");
  const auto whole = read_offer(text);
  ASSERT_TRUE(whole);
  text = text.substr(0, video) + without_line(without_line(text.substr(video), "a=ice-"), "a=setup");
  const auto offer = read_offer(text);
  ASSERT_TRUE(offer);
  EXPECT_EQ(offer->ice, whole->ice);
}

TEST(ReadOffer, ATwoByteExtensionIdIsNotUsed) {
  const std::string text = load("chromium-156-video");
  for (const char* id : {"0", "15", "255", "5/sendonly"}) {
    const auto offer = read_offer(replaced(text, "a=extmap:5 ", std::string("a=extmap:") + id + " "));
    ASSERT_TRUE(offer);
    EXPECT_FALSE(offer->playout_delay_id) << id;
  }
}

TEST(ReadOffer, EveryErrorHasItsSentence) {
  for (int i = 0; i <= static_cast<int>(OfferError::no_common_codec); ++i) {
    EXPECT_THAT(std::string(describe(static_cast<OfferError>(i))), testing::MatchesRegex("The .*[a-z0-9).]"));
  }
}

TEST(Choose, TakesTheFirstCodecThatTheViewerHas) {
  const auto chromium = read_offer(load("chromium-156-video"));
  const auto firefox = read_offer(load("firefox-153-video"));
  ASSERT_TRUE(chromium && firefox);
  EXPECT_EQ(choose(*chromium, kBoth, "42c01f")->format.codec, VideoCodec::h264);
  EXPECT_EQ(choose(*chromium, kVp8, "42c01f")->format.payload_type, 96);
  EXPECT_EQ(choose(*firefox, kBoth, "42c01f")->format.codec, VideoCodec::vp8);
  const auto none = choose(*firefox, std::array{VideoCodec::h264}, "42c01f");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error(), OfferError::no_common_codec);
}

struct ProfileCase {
  std::string source;
  std::uint8_t payload_type;
  std::string answered;
};

TEST(Choose, PrefersTheSourcesOwnProfileThenARicherOne) {
  const auto all = read_offer(h264_offer({profile("42001f"), profile("42e01f"), profile("4d001f"),
                                          profile("640c1f"), profile("64001f"), profile("f4001f")}));
  ASSERT_TRUE(all);
  for (const ProfileCase& each : std::vector<ProfileCase>{{"42c028", 101, "42e028"},
                                                          {"42001e", 100, "42001e"},
                                                          {"4de01f", 101, "42e01f"},
                                                          {"4d401f", 102, "4d001f"},
                                                          {"640c28", 103, "640c28"},
                                                          {"640028", 104, "640028"},
                                                          {"f4000d", 105, "f4000d"},
                                                          {"", 101, "42e01f"},
                                                          {"nothex", 101, "42e01f"}}) {
    const auto choice = choose(*all, kBoth, each.source);
    ASSERT_TRUE(choice);
    EXPECT_EQ(choice->format.payload_type, each.payload_type) << each.source;
    EXPECT_EQ(choice->profile_level_id, each.answered) << each.source;
  }
}

TEST(Choose, WithoutTheSourcesProfileTheNearestRicherOneElseThePoorerOne) {
  const auto offer = read_offer(h264_offer({profile("640c1f"), profile("42e01f"), profile("4d001f")}));
  ASSERT_TRUE(offer);
  EXPECT_EQ(choose(*offer, kBoth, "42001f")->format.payload_type, 102);
  const auto high = choose(*offer, kBoth, "640028");
  EXPECT_EQ(high->format.payload_type, 100);
  EXPECT_EQ(high->profile_level_id, "640c1f") << "another profile's level says nothing";
}

TEST(Choose, KeepsTheOfferedLevelWhereAsymmetryIsNotAllowed) {
  const auto offer = read_offer(h264_offer({"packetization-mode=1;profile-level-id=42e01f"}));
  ASSERT_TRUE(offer);
  EXPECT_EQ(choose(*offer, kBoth, "42c028")->profile_level_id, "42e01f");
}

TEST(Choose, NeedsPacketizationModeOne) {
  EXPECT_EQ(error_of(h264_offer({"profile-level-id=42e01f", "packetization-mode=0;profile-level-id=42e01f"})),
            OfferError::no_common_codec);
  EXPECT_EQ(error_of(h264_offer({profile("42e01"), profile("42e01g"), profile("-2e01f")})),
            OfferError::no_common_codec);
}

}  // namespace
}  // namespace porthole::rtc
