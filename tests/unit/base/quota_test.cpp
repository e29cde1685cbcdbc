#include "base/quota.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

namespace porthole {
namespace {

using Named = Quota<std::string>;

std::shared_ptr<Named> quota(const QuotaLimits& limits) {
  return std::make_shared<PlainQuota<std::string>>(limits);
}

TEST(Quota, IsFullAtItsLimitAndNotBefore) {
  const auto made = quota({.in_all = 2});
  const auto first = made->take("a"), second = made->take("b"), third = made->take("c");
  EXPECT_TRUE(first);
  EXPECT_TRUE(second);
  ASSERT_FALSE(third);
  EXPECT_EQ(third.error(), Exceeded::in_all);
}

TEST(Quota, OneKindFillsItsOwnShareAlone) {
  const auto made = quota({.of_a_kind = 2});
  const auto first = made->take("a"), second = made->take("a"), third = made->take("a");
  EXPECT_TRUE(second);
  ASSERT_FALSE(third);
  EXPECT_EQ(third.error(), Exceeded::of_a_kind);
  EXPECT_TRUE(made->take("b"));
}

TEST(Quota, WhatEndsMakesRoomWhereverItWasMovedTo) {
  const auto made = quota({.in_all = 1, .of_a_kind = 1});
  {
    auto taken = made->take("a");
    const Named::Share moved = std::move(*taken);
    EXPECT_FALSE(made->take("b"));
  }
  Named::Share kept = std::move(*made->take("a"));
  kept = Named::Share();
  EXPECT_TRUE(made->take("a"));
}

TEST(Quota, WhatIsRefusedIsNotCounted) {
  const auto made = quota({.in_all = 1, .of_a_kind = 1});
  auto only = made->take("a");
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(made->take("b"));
  *only = Named::Share();
  EXPECT_TRUE(made->take("b"));
}

TEST(Quota, WhatIsOfNoKindCountsInAllAlone) {
  const auto made = quota({.in_all = 3, .of_a_kind = 1});
  const auto first = made->take(std::nullopt), second = made->take(std::nullopt), third = made->take("a");
  EXPECT_TRUE(second);
  EXPECT_TRUE(third);
  EXPECT_FALSE(made->take(std::nullopt));
}

TEST(Quota, WhatBecomesOfAnotherKindMakesRoomInItsOwn) {
  const auto made = quota({.in_all = 2, .of_a_kind = 1});
  auto first = made->take("a"), second = made->take(std::nullopt);
  EXPECT_FALSE(second->become("a"));
  EXPECT_TRUE(first->become("b"));
  EXPECT_TRUE(second->become("a"));
  *first = Named::Share();
  EXPECT_TRUE(made->take("b"));
}

TEST(Quota, MayGoBeforeWhatItHasCounted) {
  auto made = quota({});
  const auto taken = made->take("a");
  made.reset();
  EXPECT_TRUE(taken);
}

}  // namespace
}  // namespace porthole
