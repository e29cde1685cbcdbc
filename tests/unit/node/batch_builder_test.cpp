#include "node/batch_builder.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <memory>

#include "node/route.hpp"

namespace porthole::node {
namespace {

using turn::PeerFraming;

constexpr Instant kLater{std::chrono::hours(1)};

class BatchBuilderTest : public testing::Test {
 protected:
  static Route route(Transport transport) {
    Route made;
    made.path = {transport, *SocketAddress::parse("203.0.113.1:8443"),
                 *SocketAddress::parse("192.0.2.7:5000"),
                 transport == Transport::udp ? ConnectionId::none : ConnectionId{7}};
    return made;
  }
  static RouteFraming direct(Transport transport) { return RouteFraming(route(transport).path); }
  static RouteFraming channel(bool on_stream) {
    return RouteFraming(PeerFraming::channel(0x4001, on_stream, kLater));
  }

  // A packet of that size, if it may still join.
  static bool add(BatchBuilder& builder, std::size_t size) {
    if (!builder.takes(size)) return false;
    std::ranges::fill(builder.slot().first(size), std::uint8_t{0xAA});
    builder.commit(size);
    return true;
  }

  BatchBuilder builder_for(Transport transport, const RouteFraming& framing) {
    framings_.push_back(framing);
    return {*batch, route(transport).path, framings_.back()};
  }

  std::unique_ptr<TransmitBatch> batch = std::make_unique<TransmitBatch>();

 private:
  std::deque<RouteFraming> framings_;
};

TEST_F(BatchBuilderTest, SegmentsAreEqualButForTheLastWhichClosesTheBatch) {
  BatchBuilder builder = builder_for(Transport::udp, direct(Transport::udp));
  EXPECT_TRUE(builder.empty());
  EXPECT_TRUE(add(builder, 1000));
  EXPECT_TRUE(add(builder, 1000));
  EXPECT_FALSE(add(builder, 1001));
  EXPECT_TRUE(add(builder, 400));
  EXPECT_FALSE(add(builder, 400));
  EXPECT_FALSE(add(builder, 1));
  EXPECT_EQ(batch->segment_size, 1000U);
  EXPECT_EQ(batch->size, 2400U);
  EXPECT_EQ(batch->to, route(Transport::udp).path);
}

TEST_F(BatchBuilderTest, HoldsNoMoreSegmentsThanTheKernelTakes) {
  BatchBuilder builder = builder_for(Transport::udp, direct(Transport::udp));
  std::size_t taken = 0;
  while (add(builder, 100)) ++taken;
  EXPECT_EQ(taken, kMaxSegments);
}

TEST_F(BatchBuilderTest, HoldsNoMoreBytesThanADatagramMayHave) {
  BatchBuilder builder = builder_for(Transport::udp, channel(false));
  std::size_t taken = 0;
  while (add(builder, 1196)) ++taken;
  EXPECT_EQ(taken, kMaxDatagram / 1200);
  EXPECT_LE(batch->size, kMaxDatagram);
}

TEST_F(BatchBuilderTest, ChannelDataOverUdpIsNotPadded) {
  BatchBuilder builder = builder_for(Transport::udp, channel(false));
  EXPECT_TRUE(add(builder, 101));
  EXPECT_TRUE(add(builder, 101));
  EXPECT_EQ(batch->segment_size, 105U);
  ASSERT_EQ(batch->size, 210U);
  for (const std::size_t at : {0U, 105U}) {
    EXPECT_EQ(load_u16(batch->bytes().data() + at), 0x4001);
    EXPECT_EQ(load_u16(batch->bytes().data() + at + 2), 101);
    EXPECT_EQ(batch->bytes()[at + 4], 0xAA);
  }
}

TEST_F(BatchBuilderTest, AStreamTakesPacketsOfAnySizeEachPaddedToFour) {
  BatchBuilder builder = builder_for(Transport::tcp, channel(true));
  EXPECT_TRUE(add(builder, 101));
  EXPECT_TRUE(add(builder, 500));
  EXPECT_TRUE(add(builder, 30));
  EXPECT_EQ(batch->size, 108U + 504U + 36U);
  EXPECT_EQ(load_u16(batch->bytes().data() + 108 + 2), 500);
  EXPECT_EQ(batch->bytes()[105], 0);
  EXPECT_EQ(batch->bytes()[107], 0);
}

TEST_F(BatchBuilderTest, IndicationsMakeEqualSegmentsOfEqualPackets) {
  const auto peer = *SocketAddress::parse("203.0.113.1:8443");
  BatchBuilder builder = builder_for(Transport::udp, RouteFraming(PeerFraming::indication(peer, {}, kLater)));
  EXPECT_TRUE(add(builder, 1001));
  EXPECT_TRUE(add(builder, 1001));
  EXPECT_EQ(batch->segment_size, 36U + 1004U);
  const auto second = stun::parse(batch->bytes().subspan(batch->segment_size));
  ASSERT_TRUE(second.ok());
  EXPECT_EQ(second->xor_address(stun::Attribute::xor_peer_address), peer);
  EXPECT_EQ(second->find(stun::Attribute::data)->size(), 1001U);
}

// RFC 4571 section 2.
TEST_F(BatchBuilderTest, EveryPacketOnADirectStreamHasItsLengthBeforeIt) {
  BatchBuilder builder = builder_for(Transport::tcp, direct(Transport::tcp));
  EXPECT_TRUE(add(builder, 10));
  EXPECT_TRUE(add(builder, 1000));
  ASSERT_EQ(batch->size, 2U + 10U + 2U + 1000U);
  EXPECT_EQ(load_u16(&batch->bytes()[0]), 10U);
  EXPECT_EQ(batch->bytes()[2], 0xAA);
  EXPECT_EQ(load_u16(&batch->bytes()[12]), 1000U);
  EXPECT_EQ(batch->bytes()[14], 0xAA);
}

TEST_F(BatchBuilderTest, ADirectStreamTakesNoMoreThanABatchHolds) {
  BatchBuilder builder = builder_for(Transport::tcp, direct(Transport::tcp));
  EXPECT_FALSE(add(builder, kMaxStreamBatch - 1));
  EXPECT_TRUE(add(builder, kMaxStreamBatch - 2));
  EXPECT_FALSE(add(builder, 1));
}

TEST_F(BatchBuilderTest, BeginsAnewWithWhateverTheBatchHeldBefore) {
  BatchBuilder first = builder_for(Transport::udp, direct(Transport::udp));
  add(first, 1000);
  BatchBuilder second = builder_for(Transport::tcp, direct(Transport::tcp));
  EXPECT_EQ(batch->size, 0U);
  add(second, 10);
  EXPECT_EQ(batch->size, 12U);
  EXPECT_TRUE(batch->to.is_stream());
}

}  // namespace
}  // namespace porthole::node
