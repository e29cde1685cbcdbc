#include "rtc/retransmissions.hpp"

#include <algorithm>
#include <cassert>

namespace porthole::rtc {
namespace {

static_assert(65536 % kHistoryPackets == 0, "the ring of stamps must close on the circle of numbers");

constexpr std::uint16_t kNever = 0;

std::uint16_t stamp(Instant now) {
  const auto milliseconds = std::chrono::floor<std::chrono::milliseconds>(now).time_since_epoch().count();
  const auto stamp = static_cast<std::uint16_t>(milliseconds);
  return stamp == kNever ? std::uint16_t{1} : stamp;
}

}  // namespace

void Retransmissions::handle_sent(std::uint16_t sequence, std::size_t bytes) {
  last_sent_[sequence % kHistoryPackets] = kNever;
  budget_ = std::min(budget_ + bytes / kRetransmissionShare, kRetransmissionReserve);
}

bool Retransmissions::request(std::uint16_t sequence, std::size_t bytes, std::optional<Duration> round_trip,
                              Instant now) {
  const Duration interval =
      std::clamp(round_trip.value_or(kDefaultRoundTrip), kMinRepeatInterval, kMaxRepeatInterval);
  std::uint16_t& last = last_sent_[sequence % kHistoryPackets];
  const auto since = std::chrono::milliseconds(static_cast<std::uint16_t>(stamp(now) - last));
  if (last != kNever && since < interval) return false;
  if (bytes > budget_ || count_ == kMaxQueuedRetransmissions) return false;
  budget_ -= bytes;
  last = stamp(now);
  queue_[(first_ + count_) % kMaxQueuedRetransmissions] = sequence;
  ++count_;
  return true;
}

std::optional<std::uint16_t> Retransmissions::next() const {
  if (count_ == 0) return std::nullopt;
  return queue_[first_];
}

void Retransmissions::pop() {
  assert(count_ > 0);
  first_ = (first_ + 1) % kMaxQueuedRetransmissions;
  --count_;
}

}  // namespace porthole::rtc
