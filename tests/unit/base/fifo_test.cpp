#include "base/fifo.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <memory>

#include "support/seeded_random.hpp"

namespace porthole {
namespace {

TEST(Fifo, GivesBackInOrderWhateverTheRhythm) {
  test::SeededRandom random(1);
  Fifo<std::uint32_t> fifo;
  std::deque<std::uint32_t> model;
  for (int step = 0; step < 20'000; ++step) {
    // Long stretches in which it grows, and others in which it gets empty.
    const bool grows = step / 500 % 2 == 0;
    if (random.u32() % 10 < (grows ? 7U : 3U)) {
      model.push_back(random.u32());
      fifo.push_back(model.back());
    } else if (!model.empty()) {
      ASSERT_EQ(fifo.front(), model.front());
      fifo.pop_front();
      model.pop_front();
    }
    ASSERT_EQ(fifo.size(), model.size());
    ASSERT_EQ(fifo.empty(), model.empty());
    ASSERT_TRUE(std::equal(fifo.begin(), fifo.end(), model.begin(), model.end()));
  }
}

TEST(Fifo, WhatLeftIsHeldByNobody) {
  Fifo<std::shared_ptr<int>> fifo;
  const auto first = std::make_shared<int>(1);
  fifo.push_back(first);
  fifo.push_back(std::make_shared<int>(2));
  fifo.pop_front();
  EXPECT_EQ(first.use_count(), 1);
}

}  // namespace
}  // namespace porthole
