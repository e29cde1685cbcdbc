#include "wire/channel_data.hpp"

#include <gtest/gtest.h>

#include <array>
#include <vector>

namespace porthole::wire {
namespace {

std::vector<std::uint8_t> message(std::uint16_t channel, std::uint16_t length, std::size_t bytes_after) {
  std::vector<std::uint8_t> bytes(kChannelHeaderSize + bytes_after);
  write_channel_header(bytes, channel, length);
  return bytes;
}

TEST(ChannelData, PayloadIsWhatTheLengthSays) {
  const auto bytes = message(0x4001, 5, 5);
  const auto parsed = parse_channel_data(bytes);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->channel, 0x4001);
  EXPECT_EQ(parsed->payload.size(), 5U);
  EXPECT_EQ(parsed->payload.data(), bytes.data() + 4);
}

TEST(ChannelData, EmptyPayloadIsAllowed) {
  const auto parsed = parse_channel_data(message(0x4000, 0, 0));
  ASSERT_TRUE(parsed);
  EXPECT_TRUE(parsed->payload.empty());
}

TEST(ChannelData, PaddingIsAllowedAndNothingMore) {
  EXPECT_TRUE(parse_channel_data(message(0x4000, 5, 8)));
  EXPECT_FALSE(parse_channel_data(message(0x4000, 5, 9)));
  EXPECT_FALSE(parse_channel_data(message(0x4000, 4, 8)));
}

TEST(ChannelData, TruncatedMessagesAreRefused) {
  EXPECT_FALSE(parse_channel_data({}));
  EXPECT_FALSE(parse_channel_data(Bytes(message(0x4000, 0, 0)).first(3)));
  EXPECT_FALSE(parse_channel_data(message(0x4000, 5, 4)));
}

TEST(ChannelData, LargestLengthsDoNotWrap) {
  for (const std::uint32_t length : {0xfffcU, 0xfffdU, 0xfffeU, 0xffffU}) {
    const auto size = static_cast<std::uint16_t>(length);
    EXPECT_FALSE(parse_channel_data(message(0x4000, size, 0)));
    const auto whole = message(0x4000, size, padded(length));
    const auto parsed = parse_channel_data(whole);
    ASSERT_TRUE(parsed);
    EXPECT_EQ(parsed->payload.size(), length);
  }
}

TEST(ChannelData, OnlyNumbersOfOldAndNewStandardAreChannels) {
  EXPECT_FALSE(parse_channel_data(message(0x3fff, 0, 0)));
  EXPECT_TRUE(parse_channel_data(message(0x4fff, 0, 0)));
  EXPECT_TRUE(parse_channel_data(message(0x7fff, 0, 0)));
  EXPECT_FALSE(parse_channel_data(message(0x8000, 0, 0)));
}

}  // namespace
}  // namespace porthole::wire
