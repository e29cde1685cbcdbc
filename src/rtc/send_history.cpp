#include "rtc/send_history.hpp"

#include <cassert>
#include <utility>

namespace porthole::rtc {

const SentFrame& SendHistory::at(std::size_t rank) const {
  return ring_[(first_ + rank) % kHistoryFrames];
}

void SendHistory::drop_oldest() {
  ring_[first_].frame.reset();
  first_ = (first_ + 1) % kHistoryFrames;
  --count_;
}

void SendHistory::add(SentFrame sent) {
  const std::size_t payloads = sent.frame->payloads.size();
  // A frame whose packets will all be out of reach once this one is sent is of no more use. Should the new
  // frame be larger than the history, older ones go at once.
  const auto out_of_reach = [&](const SentFrame& old) {
    const std::size_t behind = rtp::sequence_age(sent.first_sequence, old.first_sequence);
    return behind - old.frame->payloads.size() + payloads >= kHistoryPackets;
  };
  while (count_ > 0 && (count_ == kHistoryFrames || out_of_reach(at(0)))) drop_oldest();
  ring_[(first_ + count_) % kHistoryFrames] = std::move(sent);
  ++count_;
}

const SentFrame& SendHistory::newest() const {
  assert(count_ > 0);
  return at(count_ - 1);
}

std::optional<SendHistory::Found> SendHistory::find(std::uint16_t sequence, std::uint16_t next) const {
  // 1 for the packet that was sent last.
  const std::size_t age = rtp::sequence_age(next, sequence);
  if (count_ == 0 || age == 0 || age > kHistoryPackets) return std::nullopt;
  // The newest frame that begins at or before the packet. Ages fall from the oldest frame to the newest.
  std::size_t low = 0;
  std::size_t high = count_;
  while (low < high) {
    const std::size_t rank = (low + high) / 2;
    if (rtp::sequence_age(next, at(rank).first_sequence) >= age) {
      low = rank + 1;
    } else {
      high = rank;
    }
  }
  if (low == 0) return std::nullopt;
  const SentFrame& sent = at(low - 1);
  return Found{&sent, rtp::sequence_age(sequence, sent.first_sequence)};
}

}  // namespace porthole::rtc
