#include "turn/relay_labels.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "support/seeded_random.hpp"
#include "turn/limits.hpp"

namespace porthole::turn {
namespace {

const IpAddress kIp = *IpAddress::parse("203.0.113.1");
const IpAddress kOtherIp = *IpAddress::parse("2001:db8::1");
constexpr Instant kStart{};
constexpr PortRange kFew{1999, 2098};
constexpr auto kAny = RelayAddresses::Parity::any;
constexpr auto kEven = RelayAddresses::Parity::even;
constexpr auto kPair = RelayAddresses::Parity::even_and_next;

std::optional<SocketAddress> take(RelayLabels& labels, const IpAddress& ip, RelayAddresses::Parity parity,
                                  Instant now) {
  const auto taken = labels.take(ip, parity, now);
  return taken ? std::optional(taken->address) : std::nullopt;
}

TEST(RelayLabels, EveryPortIsHandedOutOnceExceptReservedOnes) {
  test::SeededRandom random;
  RelayLabels labels(random, {2000, 2050}, kFew);
  std::set<std::uint16_t> ports;
  while (const auto label = take(labels, kIp, kAny, kStart)) {
    EXPECT_EQ(label->ip, kIp);
    EXPECT_TRUE(ports.insert(label->port).second);
  }
  EXPECT_EQ(ports.size(), 98U);
  EXPECT_EQ(*ports.begin(), 1999);
  EXPECT_EQ(*ports.rbegin(), 2098);
  EXPECT_FALSE(ports.contains(2000));
  EXPECT_FALSE(ports.contains(2050));
  EXPECT_EQ(labels.in_use(), ports.size());
  // Another address has ports of its own.
  EXPECT_TRUE(take(labels, kOtherIp, kAny, kStart));
}

TEST(RelayLabels, PortsAreThoseThatBrowsersAccept) {
  test::SeededRandom random;
  RelayLabels labels(random, {});
  std::uint16_t lowest = 65'535, highest = 0;
  for (int i = 0; i < 5000; ++i) {
    const std::uint16_t port = take(labels, kIp, kAny, kStart)->port;
    lowest = std::min(lowest, port);
    highest = std::max(highest, port);
  }
  EXPECT_GE(lowest, 1024);
  EXPECT_LT(lowest, 2048);
  EXPECT_GT(highest, 64'512);
}

TEST(RelayLabels, FreedLabelRestsBeforeItIsUsedAgain) {
  test::SeededRandom random;
  RelayLabels labels(random, {}, kFew);
  std::optional<SocketAddress> some;
  while (const auto label = take(labels, kIp, kAny, kStart)) some = label;
  labels.release(*some, kStart);
  EXPECT_EQ(labels.in_use(), 99U);
  EXPECT_FALSE(take(labels, kIp, kAny, kStart));
  EXPECT_FALSE(take(labels, kIp, kAny, kStart + kLabelRest - 1ns));
  EXPECT_EQ(take(labels, kIp, kAny, kStart + kLabelRest), some);
}

TEST(RelayLabels, RestingLabelsAreBounded) {
  test::SeededRandom random;
  RelayLabels labels(random, {}, {1024, 1024});
  const SocketAddress first = *take(labels, kIp, kAny, kStart);
  labels.release(first, kStart);
  EXPECT_FALSE(take(labels, kIp, kAny, kStart));
  for (std::uint32_t i = 0; i < kMaxRestingLabels; ++i) {
    labels.release(*take(labels, IpAddress::v4(i), kAny, kStart), kStart);
  }
  EXPECT_EQ(take(labels, kIp, kAny, kStart), first);
}

TEST(RelayLabels, EvenPortsAreEvenUntilNoneIsLeft) {
  test::SeededRandom random;
  RelayLabels labels(random, {}, kFew);
  std::size_t count = 0;
  while (const auto label = take(labels, kIp, kEven, kStart)) {
    EXPECT_EQ(label->port % 2, 0);
    EXPECT_GE(label->port, kFew.first);
    ++count;
  }
  EXPECT_EQ(count, 50U);
  EXPECT_EQ(take(labels, kIp, kAny, kStart)->port % 2, 1);
}

TEST(RelayLabels, PairsAreAnEvenPortAndTheNextOneUntilNoneIsWhole) {
  test::SeededRandom random;
  RelayLabels labels(random, {2001}, kFew);
  std::set<std::uint16_t> ports;
  while (const auto pair = labels.take(kIp, kPair, kStart)) {
    ASSERT_TRUE(pair->next);
    EXPECT_EQ(pair->address.port % 2, 0);
    EXPECT_EQ(pair->next->port, pair->address.port + 1);
    EXPECT_TRUE(ports.insert(pair->address.port).second && ports.insert(pair->next->port).second);
  }
  // 2000 has lost its neighbour, 1999 and 2098 have none.
  EXPECT_EQ(ports.size(), 96U);
  EXPECT_FALSE(ports.contains(2000));
  EXPECT_TRUE(take(labels, kIp, kEven, kStart));
}

TEST(RelayLabels, PortsComeFromTheRandomSource) {
  test::SeededRandom random(1), same(1), other(2);
  RelayLabels first(random, {}), twin(same, {}), stranger(other, {});
  const auto label = take(first, kIp, kAny, kStart);
  EXPECT_EQ(take(twin, kIp, kAny, kStart), label);
  EXPECT_NE(take(stranger, kIp, kAny, kStart), label);
}

TEST(RelayLabels, UnknownLabelsAreNotReleased) {
  test::SeededRandom random;
  RelayLabels labels(random, {});
  labels.release({kIp, 5000}, kStart);
  EXPECT_EQ(labels.in_use(), 0U);
}

}  // namespace
}  // namespace porthole::turn
