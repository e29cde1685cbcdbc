// Several threads that count together.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <thread>
#include <vector>

#include "server/shared_quota.hpp"
#include "server/shared_reservations.hpp"
#include "turn/limits.hpp"

namespace porthole::server {
namespace {

constexpr int kRounds = 2000;

template <class Do>
void in_two_threads(Do&& what) {
  std::thread other([&] { what(1); });
  what(0);
  other.join();
}

TEST(SharedQuota, IsNeverExceededAndEndsEmpty) {
  const std::shared_ptr<Quota<int>> quota =
      std::make_shared<SharedQuota<int>>(QuotaLimits{.in_all = 3, .of_a_kind = 2});
  std::atomic<int> held = 0, most = 0;
  in_two_threads([&](int kind) {
    for (int i = 0; i < kRounds; ++i) {
      std::vector<Quota<int>::Share> mine;
      while (auto share = quota->take(kind)) {
        mine.push_back(std::move(*share));
        const int now = ++held;
        for (int before = most; before < now && !most.compare_exchange_weak(before, now);) continue;
      }
      EXPECT_LE(mine.size(), 2U);
      held -= static_cast<int>(mine.size());
    }
  });
  EXPECT_LE(most, 3);
  const auto first = quota->take(0), second = quota->take(0), third = quota->take(1);
  EXPECT_TRUE(second);
  EXPECT_TRUE(third);
}

TEST(SharedReservations, EachIsHandedOverOnceWhoeverAsks) {
  SharedReservations reservations;
  const Instant now{std::chrono::hours(1)};
  for (std::uint8_t i = 0; i < 200; ++i) {
    EXPECT_TRUE(reservations.keep({i}, {{IpAddress::v4(1), i}, "somebody", {}}, now));
  }
  std::atomic<int> redeemed = 0, expired = 0;
  in_two_threads([&](int) {
    for (std::uint8_t i = 0; i < 150; ++i) {
      if (reservations.redeem(turn::ReservationToken{i}, "somebody")) ++redeemed;
    }
  });
  EXPECT_EQ(redeemed, 150);
  EXPECT_EQ(reservations.next_expiry(), now + turn::kReservationLifetime);
  in_two_threads([&](int) {
    while (reservations.pop_expired(now + turn::kReservationLifetime)) ++expired;
  });
  EXPECT_EQ(expired, 50);
  EXPECT_EQ(reservations.next_expiry(), Instant::max());
}

}  // namespace
}  // namespace porthole::server
