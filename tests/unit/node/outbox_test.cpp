#include "node/outbox.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>

namespace porthole::node {
namespace {

class OutboxTest : public testing::Test {
 protected:
  static FiveTuple client(std::uint16_t port) {
    FiveTuple path;
    path.remote = {IpAddress::v4(0xC0000207), port};
    return path;
  }
  bool put(std::uint16_t port, std::size_t size) {
    const MutableBytes slot = outbox.slot();
    if (slot.empty()) return false;
    std::ranges::fill(slot.first(size), static_cast<std::uint8_t>(port));
    outbox.commit(client(port), size);
    return true;
  }

  Outbox outbox;
  std::unique_ptr<TransmitBatch> batch = std::make_unique<TransmitBatch>();
};

TEST_F(OutboxTest, AnswersLeaveInTheOrderThatTheyCameIn) {
  put(1, 100);
  put(2, 60);
  for (const auto& [port, size] : {std::pair(1, 100U), std::pair(2, 60U)}) {
    ASSERT_TRUE(outbox.poll(*batch));
    EXPECT_EQ(batch->to.remote.port, port);
    EXPECT_EQ(batch->size, size);
    EXPECT_EQ(batch->segment_size, size);
    EXPECT_EQ(batch->bytes()[size - 1], port);
  }
  EXPECT_FALSE(outbox.poll(*batch));
}

TEST_F(OutboxTest, ASlotThatIsNotUsedCostsNothing) {
  for (int i = 0; i < 10'000; ++i) ASSERT_EQ(outbox.slot().size(), Outbox::kSlot);
  EXPECT_FALSE(outbox.poll(*batch));
}

TEST_F(OutboxTest, AFloodIsDroppedAtTheLimitAndNotBefore) {
  std::size_t taken = 0;
  while (put(3, Outbox::kSlot)) ++taken;
  EXPECT_EQ(taken, Outbox::kMaxBytes / Outbox::kSlot);
  std::size_t sent = 0;
  while (outbox.poll(*batch)) ++sent;
  EXPECT_EQ(sent, taken);
  EXPECT_TRUE(put(4, 10));
}

TEST_F(OutboxTest, MayBeFilledWhileItIsEmptied) {
  put(1, 10);
  put(2, 10);
  ASSERT_TRUE(outbox.poll(*batch));
  put(3, 10);
  ASSERT_TRUE(outbox.poll(*batch));
  EXPECT_EQ(batch->to.remote.port, 2);
  ASSERT_TRUE(outbox.poll(*batch));
  EXPECT_EQ(batch->to.remote.port, 3);
  EXPECT_EQ(batch->bytes()[0], 3);
}

}  // namespace
}  // namespace porthole::node
