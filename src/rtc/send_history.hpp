// Which packet had which sequence number, for retransmission. Refers to the shared frames and copies nothing.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "rtc/packetized_frame.hpp"

namespace porthole::rtc {

// A frame of 2.5 Mbit/s video at 30 frames/s has about 10 packets, a second some 306. 1024 packets cover more
// than 3 s of that, or the burst of a cached group of pictures at join; receivers ask within a few round
// trips.
constexpr std::size_t kHistoryPackets = 1024;
// 128 frames are 2 s at 60 frames/s.
constexpr std::size_t kHistoryFrames = 128;

// A frame under the numbers that one viewer knows it by. Its packets are numbered without a gap.
struct SentFrame {
  FramePtr frame;
  std::uint32_t timestamp = 0;
  std::uint16_t first_sequence = 0;
  bool has_extension = false;
};

class SendHistory {
 public:
  struct Found {
    const SentFrame* sent = nullptr;  // Valid until the next call that is not const.
    std::size_t index = 0;            // Which of its payloads.
  };

  // Frames come in the order of their sequence numbers, each where the one before ended.
  void add(SentFrame sent);
  // The frame that was added last; there must be one.
  const SentFrame& newest() const;

  // The packet with this number, among the last kHistoryPackets that were sent. `next` is the first sequence
  // number that was not sent yet.
  std::optional<Found> find(std::uint16_t sequence, std::uint16_t next) const;

  std::size_t frames() const { return count_; }

 private:
  const SentFrame& at(std::size_t rank) const;  // 0 is the oldest.
  void drop_oldest();

  std::array<SentFrame, kHistoryFrames> ring_;
  std::size_t first_ = 0;
  std::size_t count_ = 0;
};

}  // namespace porthole::rtc
