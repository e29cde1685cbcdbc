#include "wire/sdp.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace porthole::sdp {
namespace {

const std::string kSmall =
    "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\na=ice-options:trickle\r\n"
    "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\na=inactive\r\n"
    "m=video 5004 UDP/TLS/RTP/SAVPF 96 97 98\r\na=mid:1\r\na=recvonly\r\na=rtcp-mux\r\n"
    "a=rtpmap:96 H264/90000\r\na=fmtp:96 profile-level-id=42e01f; Packetization-Mode=1\r\n"
    "a=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\na=rtpmap:98 opus/48000/2\r\n"
    "a=rtcp-fb:96 nack\r\na=rtcp-fb:* ccm fir\r\n"
    "a=extmap:3/recvonly urn:a\r\na=extmap:4 urn:b with attributes\r\n";

ParseError error_of(const std::string& text) {
  const auto session = parse(text);
  EXPECT_FALSE(session) << text.substr(0, 100);
  return session ? ParseError::too_large : session.error();
}

TEST(Sdp, ReadsSessionAndMedia) {
  const auto session = parse(kSmall);
  ASSERT_TRUE(session);
  EXPECT_EQ(session->find("group"), "BUNDLE 0 1");
  EXPECT_EQ(session->origin, words("- 1 2 IN IP4 127.0.0.1"));
  ASSERT_EQ(session->media.size(), 2u);
  const Media& video = session->media[1];
  EXPECT_EQ(video.kind, "video");
  EXPECT_EQ(video.port, 5004);
  EXPECT_EQ(video.protocol, "UDP/TLS/RTP/SAVPF");
  EXPECT_EQ(video.formats, (std::vector<std::string_view>{"96", "97", "98"}));
  EXPECT_EQ(video.find("mid"), "1");
  EXPECT_EQ(video.find("rtcp-mux"), "");
  EXPECT_EQ(video.find("rtcp-rsize"), std::nullopt);
  EXPECT_EQ(video.direction(), Direction::recvonly);
  EXPECT_EQ(session->media[0].direction(), Direction::inactive);
}

TEST(Sdp, TypedAttributesAreFoundByPayloadTypeOrUri) {
  const auto session = parse(kSmall);
  ASSERT_TRUE(session);
  const Media& video = session->media[1];
  ASSERT_TRUE(video.rtpmap("96"));
  EXPECT_EQ(video.rtpmap("96")->encoding, "H264");
  EXPECT_EQ(video.rtpmap("98")->clock_rate, 48'000u);
  EXPECT_FALSE(video.rtpmap("99"));
  EXPECT_FALSE(video.rtpmap("196"));
  EXPECT_EQ(video.fmtp(97), "apt=96");
  EXPECT_EQ(video.fmtp(98), "");
  EXPECT_TRUE(video.has_feedback(96, "nack"));
  EXPECT_FALSE(video.has_feedback(97, "nack"));
  EXPECT_TRUE(video.has_feedback(97, "ccm fir"));
  EXPECT_FALSE(video.has_feedback(96, "nack pli"));
  EXPECT_EQ(video.extmap("urn:a")->id, 3);
  EXPECT_EQ(video.extmap("urn:a")->direction, Direction::recvonly);
  EXPECT_EQ(video.extmap("urn:b")->id, 4);
  EXPECT_EQ(video.extmap("urn:b")->direction, std::nullopt);
  EXPECT_FALSE(video.extmap("urn:c"));
}

TEST(Sdp, BareLineFeedsAndAMissingLastOneAreFine) {
  std::string text = kSmall;
  std::erase(text, '\r');
  ASSERT_TRUE(parse(text));
  EXPECT_EQ(parse(text)->media[1].find("mid"), "1");
  text.pop_back();
  EXPECT_TRUE(parse(text));
  EXPECT_TRUE(parse(kSmall + "\r\n"));
}

TEST(Sdp, SaysWhatIsWrong) {
  EXPECT_EQ(error_of(""), ParseError::bad_version);
  EXPECT_EQ(error_of("hello"), ParseError::bad_line);
  EXPECT_EQ(error_of("o=- 1 1 IN IP4 0.0.0.0\r\n"), ParseError::bad_version);
  EXPECT_EQ(error_of("v=1\r\n"), ParseError::bad_version);
  EXPECT_EQ(error_of("v=0\r\ns=-\r\nt=0 0\r\n"), ParseError::missing_line);
  EXPECT_EQ(error_of(kSmall + "M=x\r\n"), ParseError::bad_line);
  EXPECT_EQ(error_of(kSmall + "a\r\n"), ParseError::bad_line);
  EXPECT_EQ(error_of(kSmall + "\r\na=b\r\n"), ParseError::bad_line);
  EXPECT_EQ(error_of(kSmall + "a=\r\n"), ParseError::bad_attribute);
  EXPECT_EQ(error_of(kSmall + "a=:x\r\n"), ParseError::bad_attribute);
  EXPECT_EQ(error_of(kSmall + "a=b:\x01\r\n"), ParseError::bad_character);
  EXPECT_EQ(error_of(kSmall + std::string("a=b:\0\r\n", 7)), ParseError::bad_character);
  EXPECT_EQ(error_of(kSmall + "a=b\rm=c\r\n"), ParseError::bad_character);
  for (const std::string line : {"m=", "m=video", "m=video 9 X", "m=video x X 96", "m=video 65536 X 96",
                                 "m=video -1 X 96", "m=vi(deo 9 X 96"}) {
    EXPECT_EQ(error_of(kSmall + line + "\r\n"), ParseError::bad_media_line) << line;
  }
}

TEST(Sdp, EveryErrorHasItsSentence) {
  for (int i = 0; i <= static_cast<int>(ParseError::bad_attribute); ++i) {
    EXPECT_TRUE(describe(static_cast<ParseError>(i)).ends_with('.'));
  }
}

TEST(Sdp, IsBounded) {
  EXPECT_EQ(error_of(kSmall + "a=b:" + std::string(kMaxLineBytes - 3, 'x') + "\r\n"),
            ParseError::line_too_long);
  EXPECT_TRUE(parse(kSmall + "a=b:" + std::string(kMaxLineBytes - 4, 'x') + "\r\n"));
  EXPECT_EQ(error_of(std::string(kMaxSdpBytes + 1, 'v')), ParseError::too_large);
  std::string lines = kSmall;
  for (std::size_t i = 0; i < kMaxLines; ++i) lines += "a=b\r\n";
  EXPECT_EQ(error_of(lines), ParseError::too_many_lines);
  std::string media = kSmall;
  for (std::size_t i = 2; i < kMaxMedia; ++i) media += "m=audio 9 X 0\r\n";
  EXPECT_TRUE(parse(media));
  EXPECT_EQ(error_of(media + "m=audio 9 X 0\r\n"), ParseError::too_many_media);
  std::string formats = kSmall + "m=audio 9 X";
  for (std::size_t i = 0; i < kMaxFormats; ++i) formats += " 1";
  EXPECT_TRUE(parse(formats));
  EXPECT_EQ(error_of(formats + " 1"), ParseError::too_many_formats);
}

TEST(Sdp, AFragmentNeedsNoSessionLines) {
  const auto fragment = parse_fragment("a=ice-ufrag:abcd\r\nm=audio 9 X 0\r\na=mid:0\r\n");
  ASSERT_TRUE(fragment);
  EXPECT_EQ(fragment->find("ice-ufrag"), "abcd");
  EXPECT_EQ(fragment->media.size(), 1u);
  EXPECT_TRUE(parse_fragment(""));
  EXPECT_FALSE(parse_fragment("<html>"));
}

TEST(Sdp, FmtpParametersAreFoundWhateverTheirCaseAndSpacing) {
  EXPECT_EQ(fmtp_parameter("a=1; B = 2 ;c", "b"), "2");
  EXPECT_EQ(fmtp_parameter("a=1;b=2", "A"), "1");
  EXPECT_EQ(fmtp_parameter("a=1;c", "c"), "");
  EXPECT_EQ(fmtp_parameter("ab=1", "a"), std::nullopt);
  EXPECT_EQ(fmtp_parameter("", "a"), std::nullopt);
}

TEST(Sdp, NumbersAndTokensAreStrict) {
  EXPECT_EQ(number("0", 5), 0u);
  EXPECT_EQ(number("5", 5), 5u);
  for (const std::string_view text : {"6", "", "+1", "-1", " 1", "1 ", "0x1", "99999999999999999999"}) {
    EXPECT_FALSE(number(text, 5)) << text;
  }
  EXPECT_TRUE(is_token("a.B-9_{}", 8));
  for (const std::string_view text : {"", "a b", "a:b", "a\"", "123456789", "\xC3\xA9"}) {
    EXPECT_FALSE(is_token(text, 8)) << text;
  }
}

// The sanitizers are the judges here.
TEST(Sdp, MutilatedTextNeverCrashes) {
  std::mt19937 random(1);
  for (int round = 0; round < 5000; ++round) {
    std::string text = kSmall;
    for (auto changes = random() % 8; changes > 0; --changes) {
      if (text.empty()) break;
      const std::size_t at = random() % text.size();
      switch (random() % 4) {
        case 0:
          text[at] = static_cast<char>(random());
          break;
        case 1:
          text.erase(at, random() % 20);
          break;
        case 2:
          text.insert(at, text.substr(random() % text.size(), random() % 40));
          break;
        default:
          text.resize(at + 1);
      }
    }
    const auto session = parse(text);
    if (!session) continue;
    for (const Media& media : session->media) {
      for (const std::string_view format : media.formats) media.rtpmap(format);
      media.has_feedback(96, "nack");
      media.extmap("urn:a");
    }
  }
}

}  // namespace
}  // namespace porthole::sdp
