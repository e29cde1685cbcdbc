// Decides which lost packets are sent again, and when: within a budget, and not twice in one round trip.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "base/time.hpp"
#include "rtc/send_history.hpp"

namespace porthole::rtc {

// Retransmissions may take this share of the bytes that media took (one in four), beyond the reserve: enough
// for a path that loses a fifth of its packets, and no lever for a peer that asks for everything.
constexpr std::size_t kRetransmissionShare = 4;
// The reserve: a large keyframe that is lost as a whole can be repaired at once.
constexpr std::size_t kRetransmissionReserve = 256 * 1024;
constexpr std::size_t kMaxQueuedRetransmissions = 256;

// Before the first report from the viewer tells the round-trip time, and the bounds within which it is
// believed: a stale value must not stop retransmission for seconds.
constexpr Duration kDefaultRoundTrip = 100ms;
constexpr Duration kMinRepeatInterval = 10ms;
constexpr Duration kMaxRepeatInterval = 500ms;

class Retransmissions {
 public:
  // A media packet left for the first time, under this number and with this many bytes.
  void handle_sent(std::uint16_t sequence, std::size_t bytes);

  // A packet that is in the history was reported lost. False when it is not sent again: it was less than a
  // round trip ago, the budget is used up, or too many wait already. Receivers ask again.
  bool request(std::uint16_t sequence, std::size_t bytes, std::optional<Duration> round_trip, Instant now);

  // What is to be sent again next, in the order asked for; nullopt when nothing waits.
  std::optional<std::uint16_t> next() const;
  void pop();

 private:
  // When each packet of the history was last sent again, in milliseconds on a circle of 65.5 s; 0 for never.
  // After a turn of the circle one request may be taken for a repetition; the receiver asks again.
  std::array<std::uint16_t, kHistoryPackets> last_sent_{};
  std::array<std::uint16_t, kMaxQueuedRetransmissions> queue_{};
  std::size_t first_ = 0;
  std::size_t count_ = 0;
  std::size_t budget_ = kRetransmissionReserve;  // Bytes.
};

}  // namespace porthole::rtc
