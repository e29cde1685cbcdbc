#include <gtest/gtest.h>

#include "rtc/send_stream.hpp"
#include "unit/rtc/stream_fixture.hpp"

namespace porthole::rtc {
namespace {

using test::Buffer;
using test::Received;

class StreamFeedback : public test::StreamFixture {
 protected:
  // A keyframe and a frame behind it, sent.
  std::vector<Received> send_some() {
    enqueue(true, 5);
    enqueue(false, 5);
    return receive_all();
  }
  static std::uint16_t original_sequence(const Received& packet) { return load_u16(packet.payload.data()); }
  std::optional<rtcp::Report> report_now() {
    const std::size_t size = stream_.write_report(report_, now_, clock_);
    auto compound = rtcp::parse(Bytes(report_).first(size));
    return compound ? rtcp::read_report(compound->next().value()) : std::nullopt;
  }

  std::array<std::uint8_t, kMaxReportSize> report_{};
  WallClock clock_{Instant{1000s}, WallTime{1'700'000'000s}};
};

TEST_F(StreamFeedback, ALostPacketComesAgainOnTheRetransmissionStream) {
  const auto sent = send_some();
  nack({sent[2].header.sequence, sent[9].header.sequence});
  const auto again = receive_all();
  ASSERT_EQ(again.size(), 2U);
  for (std::size_t i = 0; i < 2; ++i) {
    const Received& first = sent[i == 0 ? 2 : 9];
    EXPECT_EQ(again[i].header.ssrc, kRtxSsrc);
    EXPECT_EQ(again[i].header.payload_type, kRtxPayloadType);
    EXPECT_EQ(again[i].header.timestamp, first.header.timestamp);
    EXPECT_EQ(again[i].header.marker, first.header.marker);
    EXPECT_EQ(again[i].playout_delay, first.playout_delay);
    EXPECT_EQ(original_sequence(again[i]), first.header.sequence);
    EXPECT_EQ(Buffer(again[i].payload.begin() + 2, again[i].payload.end()), first.payload);
    EXPECT_EQ(again[i].size, first.size + 2);
  }
  EXPECT_EQ(again[1].header.sequence, static_cast<std::uint16_t>(again[0].header.sequence + 1));
  EXPECT_EQ(stream_.stats().retransmitted_packets, 2U);
  EXPECT_EQ(stream_.stats().lost_reported, 2U);
  EXPECT_EQ(stream_.stats().lost_unknown, 0U);
}

TEST_F(StreamFeedback, RetransmissionsGoBeforeMediaAndLeaveItsNumbersAlone) {
  const auto sent = send_some();
  enqueue(false, 3);
  const Received first = receive();
  nack({sent[0].header.sequence});
  const auto rest = receive_all();
  ASSERT_EQ(rest.size(), 3U);
  EXPECT_EQ(rest[0].header.ssrc, kRtxSsrc);
  EXPECT_EQ(rest[1].header.sequence, static_cast<std::uint16_t>(first.header.sequence + 1));
  EXPECT_EQ(rest[2].header.sequence, static_cast<std::uint16_t>(first.header.sequence + 2));
}

TEST_F(StreamFeedback, WithoutARetransmissionStreamThePacketComesAgainAsItWas) {
  auto changed = config();
  changed.rtx_payload_type.reset();
  stream_ = make(changed);
  const auto sent = send_some();
  nack({sent[9].header.sequence});
  const auto again = receive_all();
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(again[0].header.ssrc, kSsrc);
  EXPECT_EQ(again[0].header.payload_type, kPayloadType);
  EXPECT_EQ(again[0].header.sequence, sent[9].header.sequence);
  EXPECT_TRUE(again[0].header.marker);
  EXPECT_EQ(again[0].payload, sent[9].payload);
}

TEST_F(StreamFeedback, AsksInOneRoundTripAreAnsweredOnce) {
  const auto sent = send_some();
  const std::uint16_t lost = sent[1].header.sequence;
  nack({lost});
  nack({lost});
  EXPECT_EQ(receive_all().size(), 1U);
  now_ += 99ms;
  nack({lost});
  EXPECT_EQ(receive_all().size(), 0U);
  now_ += 1ms;
  nack({lost});
  EXPECT_EQ(receive_all().size(), 1U);
}

TEST_F(StreamFeedback, AMeasuredRoundTripReplacesTheAssumedOne) {
  const auto sent = send_some();
  ASSERT_TRUE(report_now());
  const auto ntp = ntp_time(clock_.time(now_));
  now_ += 20ms;
  receiver_report({.ssrc = kSsrc, .last_sr = static_cast<std::uint32_t>(ntp >> 16)});
  EXPECT_EQ(stream_.stats().round_trip, 20ms);
  nack({sent[1].header.sequence});
  now_ += 20ms;
  nack({sent[1].header.sequence});
  EXPECT_EQ(receive_all().size(), 2U);
}

TEST_F(StreamFeedback, WhatWasNeverSentIsNotSentAgain) {
  const auto sent = send_some();
  enqueue(false, 3);
  const auto next = static_cast<std::uint16_t>(sent[9].header.sequence + 1);
  nack({next, static_cast<std::uint16_t>(sent[0].header.sequence - 1), 50'000});
  EXPECT_EQ(stream_.stats().lost_unknown, 3U);
  EXPECT_EQ(receive().header.sequence, next) << "the media itself, not a retransmission";
}

TEST_F(StreamFeedback, APeerThatAsksForEverythingIsHeldToTheBudget) {
  enqueue(true, 100);
  std::size_t media = 0;
  std::size_t again = 0;
  for (int i = 0; i < 300; ++i) {
    enqueue(false, 10);
    std::vector<std::uint16_t> all;
    for (const Received& packet : receive_all()) {
      if (packet.header.ssrc == kSsrc) all.push_back(packet.header.sequence);
      (packet.header.ssrc == kSsrc ? media : again) += packet.size;
    }
    for (int repeat = 0; repeat < 3; ++repeat) nack(all);
  }
  EXPECT_LE(again, media / kRetransmissionShare + kRetransmissionReserve);
  EXPECT_GT(again, media / kRetransmissionShare) << "what it may have, it gets";
}

TEST_F(StreamFeedback, LossAtJoinOfAWholeKeyframeIsRepaired) {
  enqueue(true, 180);
  std::vector<std::uint16_t> lost;
  for (const Received& packet : receive_all()) lost.push_back(packet.header.sequence);
  nack(lost);
  EXPECT_EQ(receive_all().size(), 180U);
}

TEST_F(StreamFeedback, PictureLossWantsAKeyframe) {
  const auto outcome = feedback([](ByteWriter& writer) { rtcp::write_picture_loss(writer, 1, kSsrc); });
  EXPECT_TRUE(outcome.well_formed);
  EXPECT_TRUE(outcome.keyframe_wanted);
  EXPECT_FALSE(outcome.goodbye);
  EXPECT_EQ(stream_.stats().picture_losses, 1U);
}

TEST_F(StreamFeedback, ARepeatedIntraRequestIsOneRequest) {
  const auto request = [this](std::uint8_t number) {
    return feedback([number](ByteWriter& writer) { rtcp::write_intra_request(writer, 1, kSsrc, number); })
        .keyframe_wanted;
  };
  EXPECT_TRUE(request(0)) << "the first is one, whatever its number";
  EXPECT_FALSE(request(0));
  EXPECT_TRUE(request(1));
  EXPECT_FALSE(request(1));
  EXPECT_TRUE(request(0));
  EXPECT_EQ(stream_.stats().intra_requests, 3U);
}

TEST_F(StreamFeedback, GoodbyeAndNonsenseAreToldApart) {
  EXPECT_TRUE(feedback([](ByteWriter& writer) { rtcp::write_goodbye(writer, 1); }).goodbye);
  const auto nonsense = feedback([](ByteWriter& writer) { writer.u32(0x81ca0009); });
  EXPECT_FALSE(nonsense.well_formed);
  EXPECT_FALSE(nonsense.keyframe_wanted);
}

TEST_F(StreamFeedback, AReceiverReportShowsInTheFigures) {
  receiver_report({.ssrc = kSsrc, .fraction_lost = 64, .cumulative_lost = 12, .jitter = 900});
  const SendStats stats = stream_.stats();
  EXPECT_EQ(stats.receiver_reports, 1U);
  EXPECT_DOUBLE_EQ(stats.fraction_lost, 0.25);
  EXPECT_EQ(stats.cumulative_lost, 12);
  EXPECT_EQ(stats.jitter, 10ms);
  EXPECT_FALSE(stats.round_trip);
}

TEST_F(StreamFeedback, SenderReportsBeginWithTheMediaAndComeEverySecond) {
  enqueue(true);
  EXPECT_FALSE(report_now());
  EXPECT_EQ(stream_.next_timeout(), Instant::max());
  receive_all();
  EXPECT_EQ(stream_.next_timeout(), now_);
  EXPECT_TRUE(report_now());
  EXPECT_FALSE(report_now());
  EXPECT_EQ(stream_.next_timeout(), now_ + 1s);
  now_ += 999ms;
  EXPECT_FALSE(report_now());
  now_ += 1ms;
  EXPECT_TRUE(report_now());
}

TEST_F(StreamFeedback, ASenderReportRelatesTheTimestampsToTheTimeOfDay) {
  enqueue(true, 2);
  const std::uint32_t timestamp = receive_all().back().header.timestamp;
  now_ += 500ms;
  const auto report = report_now();
  ASSERT_TRUE(report);
  EXPECT_EQ(report->sender(), kSsrc);
  EXPECT_EQ(report->info()->ntp, ntp_time(clock_.time(now_)));
  EXPECT_EQ(report->info()->rtp_timestamp - timestamp, 45'000U) << "half a second after the frame came";
  EXPECT_EQ(report->info()->packets, 2U);
  EXPECT_EQ(report->info()->octets, 2000U);
}

TEST_F(StreamFeedback, ReportsNameTheSource) {
  send_some();
  const std::size_t size = stream_.write_report(report_, now_, clock_);
  auto compound = rtcp::parse(Bytes(report_).first(size));
  ASSERT_TRUE(compound);
  EXPECT_EQ(compound->next()->type, rtcp::kSenderReport);
  const rtcp::Packet description = compound->next().value();
  EXPECT_EQ(description.type, rtcp::kSourceDescription);
  EXPECT_NE(as_text(description.body).find("cname-of-ours"), std::string_view::npos);
  EXPECT_FALSE(compound->next());
}

TEST_F(StreamFeedback, GoodbyeEndsTheCompoundOfAStreamThatHadBegun) {
  EXPECT_EQ(stream_.write_goodbye(report_, now_, clock_), 0U);
  send_some();
  const std::size_t size = stream_.write_goodbye(report_, now_, clock_);
  auto compound = rtcp::parse(Bytes(report_).first(size));
  ASSERT_TRUE(compound);
  rtcp::Packet last;
  while (const auto packet = compound->next()) last = *packet;
  EXPECT_EQ(last.type, rtcp::kGoodbye);
  EXPECT_EQ(load_u32(last.body.data()), kSsrc);
}

TEST_F(StreamFeedback, TheReportSizeIsEnoughForTheLongestName) {
  auto changed = config();
  changed.cname = std::string(1000, 'n');
  stream_ = make(changed);
  send_some();
  EXPECT_GT(stream_.write_goodbye(report_, now_, clock_), 0U);
  EXPECT_EQ(stream_.write_report(std::span(report_).first(60), now_, clock_), 0U);
  EXPECT_EQ(stream_.next_timeout(), now_) << "still due";
  EXPECT_GT(stream_.write_report(report_, now_, clock_), 0U);
}

TEST_F(StreamFeedback, MutatedFeedbackDoesNoHarm) {
  test::SeededRandom random(7);
  std::array<std::uint8_t, 400> good{};
  for (int i = 0; i < 5000; ++i) {
    enqueue(i % 50 == 0, 1 + random.u32() % 10);
    const auto packets = receive_all();
    std::vector<std::uint16_t> lost;
    for (const Received& packet : packets) {
      if (random.u32() % 4 == 0) lost.push_back(packet.header.sequence);
    }
    ByteWriter writer(good);
    const rtcp::ReportBlock block{.ssrc = kSsrc, .last_sr = random.u32()};
    rtcp::write_receiver_report(writer, 1, std::span(&block, 1));
    rtcp::write_nack(writer, 1, kSsrc, lost);
    rtcp::write_intra_request(writer, 1, kSsrc, 3);
    std::vector<std::uint8_t> bytes(writer.written().begin(), writer.written().end());
    for (std::uint32_t n = random.u32() % 6; n > 0; --n) {
      bytes[random.u32() % bytes.size()] = static_cast<std::uint8_t>(random.u32());
    }
    (void)stream_.handle_rtcp(bytes, now_);
  }
  EXPECT_GT(stream_.stats().retransmitted_packets, 100U);
}

}  // namespace
}  // namespace porthole::rtc
