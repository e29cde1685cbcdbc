#include "wire/first_bytes.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "support/seeded_random.hpp"
#include "unit/wire/stun_vectors.hpp"

namespace porthole::wire {
namespace {

using namespace std::string_view_literals;

std::vector<std::uint8_t> framed(Bytes message) {
  std::vector<std::uint8_t> bytes(2);
  store_u16(bytes.data(), static_cast<std::uint16_t>(message.size()));
  bytes.insert(bytes.end(), message.begin(), message.end());
  return bytes;
}

// The answers to growing prefixes are need_more, then `kind` for ever.
void expect_stream(Bytes stream, StreamKind kind) {
  bool decided = false;
  for (std::size_t size = 0; size <= stream.size(); ++size) {
    const StreamKind seen = classify_stream(stream.first(size));
    decided = decided || seen != StreamKind::need_more;
    EXPECT_EQ(seen, decided ? kind : StreamKind::need_more) << as_text(stream) << " at " << size;
    EXPECT_TRUE(decided || size < kStreamKindBytes);
  }
  EXPECT_TRUE(decided) << as_text(stream);
}

TEST(FirstBytes, DatagramsGoByTheFirstByte) {
  const auto kind = [](int first) {
    return classify_datagram(std::vector<std::uint8_t>(40, static_cast<std::uint8_t>(first)));
  };
  for (int first = 0; first < 256; ++first) {
    DatagramKind expected = DatagramKind::unknown;
    if (first >= 20 && first <= 63) expected = DatagramKind::dtls;
    if (first >= 64 && first <= 79) expected = DatagramKind::channel_data;
    if (first >= 128 && first <= 191) expected = DatagramKind::srtp;
    EXPECT_EQ(kind(first), expected) << first;
  }
  EXPECT_EQ(classify_datagram({}), DatagramKind::unknown);
}

TEST(FirstBytes, StunDatagramsNeedTheirCookie) {
  EXPECT_EQ(classify_datagram(test::kSampleRequest), DatagramKind::stun);
  EXPECT_EQ(classify_datagram(Bytes(test::kSampleRequest).first(19)), DatagramKind::unknown);
  auto broken = test::kSampleRequest;
  broken[7] ^= 1;
  EXPECT_EQ(classify_datagram(broken), DatagramKind::unknown);
}

TEST(FirstBytes, EveryKindOfStreamIsKnownFromAnyPrefixOn) {
  expect_stream(test::kSampleRequest, StreamKind::turn);
  expect_stream(framed(test::kSampleRequest), StreamKind::ice_tcp);
  expect_stream(as_bytes("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\x00\x00"sv), StreamKind::tls);
  for (const char* method :
       {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE"}) {
    expect_stream(as_bytes(std::string(method) + " / HTTP/1.1\r\n"), StreamKind::http);
  }
  expect_stream(as_bytes("PROXY TCP4 192.0.2.1"sv), StreamKind::proxy);
  expect_stream(as_bytes("\r\n\r\n\0\r\nQUIT\n\x21\x11"sv), StreamKind::proxy);
}

TEST(FirstBytes, OtherStreamsAreUnknownAtOnce) {
  expect_stream(as_bytes("SSH-2.0-OpenSSH"sv), StreamKind::unknown);
  expect_stream(as_bytes("get / HTTP/1.1"sv), StreamKind::unknown);
  expect_stream(as_bytes("PUSH / HTTP/1.1"sv), StreamKind::unknown);
  expect_stream(as_bytes("\x16\x02\x00\x00"sv), StreamKind::unknown);
  expect_stream(as_bytes("\x80\x60\x00\x00"sv), StreamKind::unknown);
  expect_stream(as_bytes("\x40\x00\x00\x04"sv), StreamKind::unknown);
}

TEST(FirstBytes, StunWithAWrongCookieIsUnknown) {
  auto broken = test::kSampleRequest;
  broken[6] ^= 1;
  EXPECT_EQ(classify_stream(broken), StreamKind::unknown);
  EXPECT_EQ(classify_stream(framed(broken)), StreamKind::unknown);
}

TEST(FirstBytes, IceTcpFrameOfAbsurdSizeIsUnknown) {
  auto bytes = framed(test::kSampleRequest);
  store_u16(bytes.data(), 2000);
  EXPECT_EQ(classify_stream(bytes), StreamKind::unknown);
  store_u16(bytes.data(), 19);
  EXPECT_EQ(classify_stream(bytes), StreamKind::unknown);
}

TEST(FirstBytes, TwelveBytesAlwaysDecide) {
  test::SeededRandom random(3);
  for (int round = 0; round < 10'000; ++round) {
    std::vector<std::uint8_t> bytes(kStreamKindBytes);
    random.fill(bytes);
    bytes[0] %= 0x18;  // Where most protocols meet.
    EXPECT_NE(classify_stream(bytes), StreamKind::need_more);
  }
}

}  // namespace
}  // namespace porthole::wire
