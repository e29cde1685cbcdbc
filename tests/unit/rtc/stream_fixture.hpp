// A SendStream with a virtual clock, and its packets as a receiver parses them.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "rtc/send_stream.hpp"
#include "support/seeded_random.hpp"
#include "unit/rtc/frames.hpp"
#include "wire/rtp.hpp"

namespace porthole::test {

struct Received {
  rtp::Header header;
  std::size_t size = 0;
  std::optional<Buffer> playout_delay;
  Buffer payload;
};

class StreamFixture : public testing::Test {
 protected:
  static constexpr std::uint32_t kSsrc = 0x11111111;
  static constexpr std::uint32_t kRtxSsrc = 0x22222222;
  static constexpr std::uint8_t kPayloadType = 96;
  static constexpr std::uint8_t kRtxPayloadType = 97;
  static constexpr std::uint8_t kDelayId = 5;
  static constexpr Duration kFrameTime = 33ms;
  using Enqueued = rtc::SendStream::Enqueued;

  static rtc::SendStream::Config config() {
    return {kSsrc, kRtxSsrc, kPayloadType, kRtxPayloadType, kDelayId, "cname-of-ours"};
  }
  static rtc::SendStream make(rtc::SendStream::Config config, std::uint64_t seed = 1) {
    SeededRandom random(seed);
    return rtc::SendStream(std::move(config), random);
  }

  // The next packet; there must be one. Checks that next_size() said the truth.
  Received receive() {
    std::array<std::uint8_t, rtc::kMaxRtpPacket> space{};
    const std::size_t announced = stream_.next_size();
    const rtc::SendStream::Packet begun = stream_.write_next(space, now_);
    const std::size_t size = begun.size();
    EXPECT_EQ(size, announced);
    std::ranges::copy(begun.payload, std::span(space).subspan(begun.written).begin());
    const auto packet = rtp::parse(Bytes(space).first(size));
    EXPECT_TRUE(packet);
    if (!packet) return {};
    Received received{packet->header, size, std::nullopt,
                      Buffer(packet->payload.begin(), packet->payload.end())};
    if (const auto delay = packet->find_extension(kDelayId))
      received.playout_delay = {delay->begin(), delay->end()};
    return received;
  }
  std::vector<Received> receive_all() {
    std::vector<Received> packets;
    while (stream_.next_size() > 0) packets.push_back(receive());
    return packets;
  }

  // The next live frame.
  rtc::FramePtr next_frame(bool keyframe = false, std::size_t payloads = 1) {
    pts_ += kFrameTime;
    now_ += kFrameTime;
    return raw_frame(keyframe, pts_, payloads);
  }
  Enqueued enqueue(bool keyframe = false, std::size_t payloads = 1) {
    return stream_.enqueue(next_frame(keyframe, payloads), now_);
  }

  template <class Write>
  rtc::SendStream::FeedbackOutcome feedback(Write&& write) {
    std::array<std::uint8_t, 1500> space{};
    ByteWriter writer(space);
    write(writer);
    return stream_.handle_rtcp(writer.written(), now_);
  }
  void nack(const std::vector<std::uint16_t>& lost) {
    feedback([&](ByteWriter& writer) { rtcp::write_nack(writer, 1, kSsrc, lost); });
  }
  void receiver_report(const rtcp::ReportBlock& block) {
    feedback([&](ByteWriter& writer) { rtcp::write_receiver_report(writer, 1, std::span(&block, 1)); });
  }

  Instant now_{1000s};
  Duration pts_ = 17h;
  rtc::SendStream stream_ = make(config());
};

}  // namespace porthole::test
