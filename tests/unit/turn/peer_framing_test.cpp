#include "turn/peer_framing.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <vector>

namespace porthole::turn {
namespace {

constexpr Instant kLater{std::chrono::hours(1)};
constexpr stun::TransactionId kTransaction{1, 2, 3, 4, 5, 6, 7, 8, 0xff, 0xff, 0xff, 0xfe};

// Frames `size` bytes of payload in a slot that is full of rubbish and exactly large enough.
std::vector<std::uint8_t> framed(PeerFraming& framing, std::size_t size) {
  std::vector<std::uint8_t> slot(framing.total_size(size), 0xee);
  std::fill_n(slot.begin() + static_cast<std::ptrdiff_t>(framing.prefix_size()), size, std::uint8_t{0x5a});
  EXPECT_EQ(framing.frame(slot, size), slot.size());
  return slot;
}

TEST(PeerFraming, ChannelOnUdpHasFourBytesAndNoPadding) {
  PeerFraming framing = PeerFraming::channel(0x4001, false, kLater);
  EXPECT_EQ(framing.prefix_size(), 4U);
  EXPECT_EQ(framing.valid_until(), kLater);
  for (const std::size_t size : {0U, 1U, 5U, 1200U, 65'535U}) {
    const auto bytes = framed(framing, size);
    EXPECT_EQ(bytes.size(), size + 4);
    const auto parsed = wire::parse_channel_data(bytes);
    ASSERT_TRUE(parsed);
    EXPECT_EQ(parsed->channel, 0x4001);
    EXPECT_EQ(parsed->payload.size(), size);
  }
}

TEST(PeerFraming, ChannelOnStreamsIsPaddedWithZeros) {
  PeerFraming framing = PeerFraming::channel(0x4001, true, kLater);
  for (std::size_t size = 0; size < 9; ++size) {
    const auto bytes = framed(framing, size);
    EXPECT_EQ(bytes.size() % 4, 0U);
    EXPECT_LT(bytes.size(), size + 8);
    EXPECT_EQ(wire::parse_channel_data(bytes)->payload.size(), size);
    EXPECT_TRUE(std::all_of(bytes.begin() + 4 + static_cast<std::ptrdiff_t>(size), bytes.end(),
                            [](std::uint8_t byte) { return byte == 0; }));
  }
}

TEST(PeerFraming, IndicationsCarryPeerAndDataForBothFamilies) {
  for (const char* text : {"203.0.113.1:8443", "[2001:db8::1:2:3]:40000"}) {
    const SocketAddress peer = *SocketAddress::parse(text);
    PeerFraming framing = PeerFraming::indication(peer, kTransaction, kLater);
    EXPECT_EQ(framing.prefix_size(), peer.ip.is_v4() ? 36U : 48U);
    EXPECT_FALSE(framing.is_channel());
    for (std::size_t size = 0; size < 10; ++size) {
      const auto bytes = framed(framing, size);
      const auto message = stun::parse(bytes);
      ASSERT_TRUE(message.ok());
      EXPECT_TRUE(message->is(stun::Class::indication, stun::Method::data));
      EXPECT_EQ(message->xor_address(stun::Attribute::xor_peer_address), peer);
      EXPECT_EQ(message->find(stun::Attribute::data)->size(), size);
      const std::size_t end = framing.prefix_size() + size;
      EXPECT_TRUE(std::all_of(bytes.begin() + static_cast<std::ptrdiff_t>(end), bytes.end(),
                              [](std::uint8_t byte) { return byte == 0; }));
    }
  }
}

TEST(PeerFraming, TransactionsDifferFromOneIndicationToTheNext) {
  PeerFraming framing =
      PeerFraming::indication(*SocketAddress::parse("203.0.113.1:8443"), kTransaction, kLater);
  std::set<stun::TransactionId> seen;
  for (int i = 0; i < 100; ++i)
    EXPECT_TRUE(seen.insert(stun::parse(framed(framing, 4))->transaction()).second);
}

TEST(PeerFraming, TooSmallSlotAndTooLargePayloadWriteNothing) {
  PeerFraming channel = PeerFraming::channel(0x4001, true, kLater);
  PeerFraming indication =
      PeerFraming::indication(*SocketAddress::parse("203.0.113.1:8443"), kTransaction, kLater);
  std::vector<std::uint8_t> slot(66'000);
  EXPECT_EQ(channel.frame(MutableBytes(slot).first(11), 5), 0U);
  EXPECT_EQ(channel.frame(slot, 65'536), 0U);
  EXPECT_EQ(indication.frame(MutableBytes(slot).first(43), 5), 0U);
  EXPECT_EQ(indication.frame(slot, 65'520), 0U);
  EXPECT_NE(indication.frame(slot, 65'516), 0U);
  EXPECT_TRUE(stun::parse(Bytes(slot).first(indication.total_size(65'516))).ok());
}

TEST(PeerFraming, OverheadIsBounded) {
  const PeerFraming framing =
      PeerFraming::indication(*SocketAddress::parse("[2001:db8::1]:1"), kTransaction, kLater);
  for (std::size_t size = 0; size < 8; ++size) {
    EXPECT_LE(framing.total_size(size) - size, PeerFraming::kMaxOverhead);
  }
}

}  // namespace
}  // namespace porthole::turn
