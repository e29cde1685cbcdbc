#include "turn/allocation_table.hpp"

#include <gtest/gtest.h>

#include <array>

namespace porthole::turn {
namespace {

Allocation allocation_of(std::uint16_t port) {
  Allocation made;
  made.client.remote = {IpAddress::v4(0xC0000207), port};
  made.relayed.set({IpAddress::v4(0x7F000001), port});
  made.username = "somebody";
  made.expires = Instant(600s);
  return made;
}

TEST(AllocationTable, FindsEachInWhateverOrderTheyAreLookedFor) {
  AllocationTable table;
  const AllocationId first = table.add(allocation_of(1)).id;
  const AllocationId second = table.add(allocation_of(2)).id;
  for (const std::uint16_t port : std::array<std::uint16_t, 6>{1, 2, 2, 1, 1, 2}) {
    const Allocation wanted = allocation_of(port);
    const AllocationId id = port == 1 ? first : second;
    EXPECT_EQ(table.find(wanted.client)->id, id);
    EXPECT_EQ(table.find_relayed(*wanted.relayed.in(Family::ipv4))->id, id);
    EXPECT_EQ(table.find(id)->client, wanted.client);
  }
  EXPECT_EQ(table.find(AllocationId::none), nullptr);
  EXPECT_EQ(table.find(allocation_of(3).client), nullptr);
}

TEST(AllocationTable, WhatWasFoundLastAndIsRemovedIsNotFoundAgain) {
  AllocationTable table;
  const Allocation wanted = allocation_of(1);
  const AllocationId id = table.add(allocation_of(1)).id;
  ASSERT_NE(table.find(wanted.client), nullptr);
  table.remove(id);
  EXPECT_EQ(table.find(wanted.client), nullptr);
  EXPECT_EQ(table.find(id), nullptr);
  EXPECT_EQ(table.find_relayed(*wanted.relayed.in(Family::ipv4)), nullptr);
}

TEST(AllocationTable, ARelayedAddressThatIsDroppedIsNobodysAnyMore) {
  AllocationTable table;
  const Allocation wanted = allocation_of(1);
  Allocation& added = table.add(allocation_of(1));
  ASSERT_NE(table.find_relayed(*wanted.relayed.in(Family::ipv4)), nullptr);
  table.drop_relayed(added, Family::ipv4);
  EXPECT_EQ(table.find_relayed(*wanted.relayed.in(Family::ipv4)), nullptr);
  EXPECT_EQ(table.find(wanted.client), &added);
}

}  // namespace
}  // namespace porthole::turn
