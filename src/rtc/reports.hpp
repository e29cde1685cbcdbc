// Sender reports: when they are due, what they say, and the round-trip time that their echoes measure.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "base/time.hpp"
#include "wire/rtcp.hpp"

namespace porthole::rtc {

// RFC 3550 section 6.2 asks for 5 s at least unless the session is wide enough for the reduced interval (360
// divided by the bandwidth in kbit/s, in seconds): 1 s is more than a video stream needs.
constexpr Duration kReportInterval = 1s;

// RFC 3550 section 4: 32 bits of seconds since 1900, 32 bits of fraction.
std::uint64_t ntp_time(WallTime time);

class SenderReports {
 public:
  // Media flows: the first report is due at once, so that the round-trip time is soon known.
  void start(Instant now);
  // Instant::max() before start().
  Instant next_timeout() const { return due_; }

  // Notes that a report with this NTP time leaves now; the next is due an interval later.
  void handle_sent(std::uint64_t ntp, Instant now);

  // RFC 3550 section 6.4.1, LSR and DLSR. The report is looked up among the last ones that left, so that a
  // wall clock that was set meanwhile, or an echo that was made up, does no harm. False when the block
  // answers none of them.
  bool handle_echo(const rtcp::ReportBlock& block, Instant now);

  // Smoothed; nullopt until the first echo.
  std::optional<Duration> round_trip() const { return round_trip_; }

 private:
  struct Sent {
    std::uint32_t ntp_middle = 0;
    Instant at{};
  };
  // Echoes older than a few reports measure nothing of interest.
  static constexpr std::size_t kRemembered = 4;

  Instant due_ = Instant::max();
  std::array<Sent, kRemembered> sent_{};
  std::size_t sent_count_ = 0;
  std::optional<Duration> round_trip_;
};

}  // namespace porthole::rtc
