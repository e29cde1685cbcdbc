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
  while (outbox.poll(*batch)) sent += batch->size / Outbox::kSlot;
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

TEST_F(OutboxTest, EqualDatagramsForOneClientShareABatchAndAShorterOneEndsIt) {
  for (const std::size_t size : {100U, 100U, 100U, 60U, 60U, 100U}) put(1, size);
  put(2, 100);
  const auto expect = [&](std::size_t size, std::size_t segment, std::uint16_t port) {
    ASSERT_TRUE(outbox.poll(*batch));
    EXPECT_EQ(batch->size, size);
    EXPECT_EQ(batch->segment_size, segment);
    EXPECT_EQ(batch->to.remote.port, port);
  };
  expect(360, 100, 1);
  expect(60, 60, 1);
  expect(100, 100, 1);
  expect(100, 100, 2);
  EXPECT_FALSE(outbox.poll(*batch));
}

TEST_F(OutboxTest, ABatchHoldsAsManySegmentsAsTheKernelCutsAndNoMoreBytesThanFit) {
  for (std::size_t i = 0; i < kMaxSegments + 1; ++i) put(1, 10);
  ASSERT_TRUE(outbox.poll(*batch));
  EXPECT_EQ(batch->size, kMaxSegments * 10);
  ASSERT_TRUE(outbox.poll(*batch));
  EXPECT_EQ(batch->size, 10U);
  for (int i = 0; i < 40; ++i) put(1, Outbox::kSlot);
  std::size_t total = 0;
  while (outbox.poll(*batch)) {
    EXPECT_LE(batch->size, kMaxDatagram);
    total += batch->size;
  }
  EXPECT_EQ(total, 40 * Outbox::kSlot);
}

TEST_F(OutboxTest, OnAStreamFramesOfAnySizeShareABatch) {
  FiveTuple stream = client(1);
  stream.transport = Transport::tcp;
  for (const std::size_t size : {10U, 2000U, 30U}) {
    outbox.slot();
    outbox.commit(stream, size);
  }
  ASSERT_TRUE(outbox.poll(*batch));
  EXPECT_EQ(batch->size, 2040U);
  EXPECT_FALSE(outbox.poll(*batch));
}

TEST_F(OutboxTest, OverTlsEveryFrameIsASegmentForARecordOfItsOwn) {
  FiveTuple stream = client(1);
  stream.transport = Transport::tls;
  for (const std::size_t size : {20U, 20U, 12U, 40U}) {
    outbox.slot();
    outbox.commit(stream, size);
  }
  ASSERT_TRUE(outbox.poll(*batch));
  EXPECT_EQ(batch->size, 52U);
  EXPECT_EQ(batch->segment_size, 20U);
  ASSERT_TRUE(outbox.poll(*batch));
  EXPECT_EQ(batch->size, 40U);
  EXPECT_FALSE(outbox.poll(*batch));
}

TEST_F(OutboxTest, AnEmptyDatagramIsABatchOfItsOwn) {
  for (const std::size_t size : {10U, 0U, 0U, 10U}) put(1, size);
  for (const std::size_t size : {10U, 0U, 0U, 10U}) {
    ASSERT_TRUE(outbox.poll(*batch));
    EXPECT_EQ(batch->size, size);
  }
  EXPECT_FALSE(outbox.poll(*batch));
}

TEST_F(OutboxTest, HasNoRoomForWhatNoDatagramHolds) {
  EXPECT_TRUE(outbox.slot(kMaxDatagram + 1).empty());
  EXPECT_EQ(outbox.slot(kMaxDatagram).size(), kMaxDatagram);
}

}  // namespace
}  // namespace porthole::node
