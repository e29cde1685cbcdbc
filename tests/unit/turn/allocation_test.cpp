#include "turn/allocation.hpp"

#include <gtest/gtest.h>

#include "turn/limits.hpp"

namespace porthole::turn {
namespace {

constexpr Instant kStart{};

SocketAddress peer(std::uint32_t n) {
  return {IpAddress::v4(0x0a000000 + n), 1000};
}

TEST(Allocation, WhatHasExpiredTakesNoRoom) {
  Allocation allocation;
  Instant now = kStart;
  for (std::uint32_t i = 0; i < 100; ++i) {
    allocation.permit(peer(i).ip, now);
    allocation.bind(static_cast<std::uint16_t>(0x4000 + i), peer(i), now);
    now += 100s;
  }
  EXPECT_LE(allocation.permissions.size(), 3U);
  EXPECT_LE(allocation.channels.size(), 6U);
}

TEST(Allocation, SaysWhetherSomethingIsNewOrRenewed) {
  Allocation allocation;
  EXPECT_TRUE(allocation.permit(peer(1).ip, kStart));
  EXPECT_FALSE(allocation.permit(peer(1).ip, kStart + kPermissionLifetime - 1ns));
  EXPECT_FALSE(allocation.permit(peer(1).ip, kStart + kPermissionLifetime));
  EXPECT_TRUE(allocation.permit(peer(1).ip, kStart + 2 * kPermissionLifetime));
  EXPECT_TRUE(allocation.bind(0x4000, peer(1), kStart));
  EXPECT_FALSE(allocation.bind(0x4000, peer(1), kStart + kChannelLifetime - 1ns));
  EXPECT_TRUE(allocation.bind(0x4000, peer(1), kStart + 2 * kChannelLifetime));
}

TEST(Allocation, ChannelsAreFoundByNumberAndByExactPeer) {
  Allocation allocation;
  allocation.bind(0x4000, peer(1), kStart);
  EXPECT_EQ(allocation.channel(0x4000, kStart)->peer, peer(1));
  EXPECT_EQ(allocation.channel_to(peer(1), kStart)->number, 0x4000);
  EXPECT_EQ(allocation.channel(0x4001, kStart), nullptr);
  EXPECT_EQ(allocation.channel_to({peer(1).ip, 1001}, kStart), nullptr);
  EXPECT_EQ(allocation.channel(0x4000, kStart + kChannelLifetime), nullptr);
}

}  // namespace
}  // namespace porthole::turn
