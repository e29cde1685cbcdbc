#include "wire/rtp.hpp"

#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "support/seeded_random.hpp"

namespace porthole::rtp {
namespace {

std::vector<std::uint8_t> packet_with(std::uint8_t first_byte, std::vector<std::uint8_t> behind_header) {
  std::vector<std::uint8_t> bytes(kHeaderSize);
  write_header(bytes.data(), {true, 96, 0x1234, 0xa1b2c3d4, 0x01020304}, false);
  bytes[0] = first_byte;
  bytes.insert(bytes.end(), behind_header.begin(), behind_header.end());
  return bytes;
}

std::vector<std::uint8_t> copy(Bytes bytes) {
  return {bytes.begin(), bytes.end()};
}

TEST(Rtp, ReadsWhatItWrites) {
  std::array<std::uint8_t, kHeaderSize> bytes{};
  write_header(bytes.data(), {true, 127, 65535, 0xffffffff, 0x80000001}, false);
  const auto packet = parse(bytes);
  ASSERT_TRUE(packet);
  EXPECT_TRUE(packet->header.marker);
  EXPECT_EQ(packet->header.payload_type, 127);
  EXPECT_EQ(packet->header.sequence, 65535);
  EXPECT_EQ(packet->header.timestamp, 0xffffffff);
  EXPECT_EQ(packet->header.ssrc, 0x80000001);
  EXPECT_TRUE(packet->payload.empty());
}

TEST(Rtp, FindsThePlayoutDelayThatItWrites) {
  std::array<std::uint8_t, kHeaderSize + kPlayoutDelayExtensionSize> bytes{};
  write_header(bytes.data(), {}, true);
  write_playout_delay_extension(bytes.data() + kHeaderSize, kMaxOneByteId);
  const auto packet = parse(bytes);
  ASSERT_TRUE(packet);
  const auto delay = packet->find_extension(kMaxOneByteId);
  ASSERT_TRUE(delay);
  EXPECT_EQ(copy(*delay), (std::vector<std::uint8_t>{0, 0, 0}));
  EXPECT_FALSE(packet->find_extension(1));
}

TEST(Rtp, FindsExtensionsBehindPaddingInBothForms) {
  // Padding, id 3 with 1 byte, padding, id 5 with 2 bytes, padding.
  const auto one_byte = packet_with(0x90, {0xbe, 0xde, 0, 2, 0, 0x30, 0xaa, 0, 0x51, 0xbb, 0xcc, 0, 0x99});
  const auto first = parse(one_byte);
  ASSERT_TRUE(first);
  EXPECT_EQ(copy(first->find_extension(5).value()), (std::vector<std::uint8_t>{0xbb, 0xcc}));
  EXPECT_EQ(copy(first->payload), std::vector<std::uint8_t>{0x99});

  // Id 20 with 0 bytes, padding, id 5 with 2 bytes, padding.
  const auto two_byte = packet_with(0x90, {0x10, 0x05, 0, 2, 20, 0, 0, 5, 2, 0xbb, 0xcc, 0});
  const auto second = parse(two_byte);
  ASSERT_TRUE(second);
  EXPECT_TRUE(second->find_extension(20).value().empty());
  EXPECT_EQ(copy(second->find_extension(5).value()), (std::vector<std::uint8_t>{0xbb, 0xcc}));
}

TEST(Rtp, StopsAtTheReservedExtensionId) {
  const auto bytes = packet_with(0x90, {0xbe, 0xde, 0, 1, 0xf0, 0x00, 0x10, 0xaa});
  const auto packet = parse(bytes);
  ASSERT_TRUE(packet);
  EXPECT_FALSE(packet->find_extension(1));
}

TEST(Rtp, AnExtensionElementThatRunsOverTheEndIsNotFound) {
  const auto bytes = packet_with(0x90, {0xbe, 0xde, 0, 1, 0x17, 1, 2, 3});
  const auto packet = parse(bytes);
  ASSERT_TRUE(packet);
  EXPECT_FALSE(packet->find_extension(1));
}

TEST(Rtp, LeavesOutContributingSourcesAndPadding) {
  const auto bytes = packet_with(0xa2, {1, 1, 1, 1, 2, 2, 2, 2, 0x42, 0, 0, 3});
  const auto packet = parse(bytes);
  ASSERT_TRUE(packet);
  EXPECT_EQ(copy(packet->payload), std::vector<std::uint8_t>{0x42});
}

TEST(Rtp, RefusesWhatIsNoPacket) {
  EXPECT_EQ(parse({}).error(), ParseError::too_short);
  EXPECT_EQ(parse(Bytes(packet_with(0x80, {})).first(11)).error(), ParseError::too_short);
  EXPECT_EQ(parse(packet_with(0x40, {})).error(), ParseError::wrong_version);
  EXPECT_EQ(parse(packet_with(0x8f, {1, 2, 3, 4})).error(), ParseError::too_short);
  EXPECT_EQ(parse(packet_with(0x90, {0xbe, 0xde, 0, 1, 0, 0, 0})).error(), ParseError::bad_extension);
  EXPECT_EQ(parse(packet_with(0xa0, {})).error(), ParseError::bad_padding);
  EXPECT_EQ(parse(packet_with(0xa0, {1, 0})).error(), ParseError::bad_padding);
  EXPECT_EQ(parse(packet_with(0xa0, {1, 3})).error(), ParseError::bad_padding);
}

TEST(Rtp, TellsRtcpByItsPayloadType) {
  const auto second_byte = [](unsigned value) {
    return std::array<std::uint8_t, 2>{0x80, static_cast<std::uint8_t>(value)};
  };
  for (const unsigned type : {192U, 200U, 201U, 206U, 223U}) EXPECT_TRUE(is_rtcp(second_byte(type)));
  for (const unsigned type : {96U, 127U, 96U | 0x80U, 127U | 0x80U, 63U | 0x80U}) {
    EXPECT_FALSE(is_rtcp(second_byte(type)));
  }
  EXPECT_FALSE(is_rtcp({}));
}

TEST(Rtp, SurvivesAnyBytes) {
  test::SeededRandom random;
  for (int i = 0; i < 20'000; ++i) {
    std::vector<std::uint8_t> bytes(random.u32() % 64);
    random.fill(bytes);
    if (!bytes.empty()) bytes[0] = static_cast<std::uint8_t>(0x80 | (bytes[0] & 0x3f));
    if (bytes.size() > 13 && (bytes[1] & 1) != 0)
      store_u16(&bytes[12], (bytes[1] & 2) != 0 ? 0xbede : 0x1000);
    const auto packet = parse(bytes);
    if (!packet) continue;
    EXPECT_LE(packet->payload.size() + packet->extension.size(), bytes.size());
    for (std::uint8_t id = 1; id < 15; ++id) {
      const auto found = packet->find_extension(id);
      EXPECT_LE(found.value_or(Bytes{}).size(), packet->extension.size());
    }
  }
}

TEST(Rtp, SequenceAgeGoesRoundTheCircle) {
  EXPECT_EQ(sequence_age(5, 5), 0);
  EXPECT_EQ(sequence_age(2, 65534), 4);
  EXPECT_EQ(sequence_age(65534, 2), 65532);
}

}  // namespace
}  // namespace porthole::rtp
