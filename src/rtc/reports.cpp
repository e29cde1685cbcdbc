#include "rtc/reports.hpp"

#include <algorithm>

namespace porthole::rtc {
namespace {

// RFC 3550 section 4: from 1900 to 1970.
constexpr std::int64_t kNtpEpochSeconds = 2'208'988'800;

// RFC 6298 section 2 smooths by an eighth; receivers report about once a second, so a quarter follows sooner.
constexpr int kSmoothing = 4;

std::uint32_t middle(std::uint64_t ntp) {
  return static_cast<std::uint32_t>(ntp >> 16);
}

}  // namespace

std::uint64_t ntp_time(WallTime time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  const auto nanoseconds = static_cast<std::uint64_t>(Duration(time - seconds).count());
  const auto since_1900 = static_cast<std::uint64_t>(seconds.time_since_epoch().count() + kNtpEpochSeconds);
  return (since_1900 << 32) | ((nanoseconds << 32) / 1'000'000'000);
}

void SenderReports::start(Instant now) {
  if (due_ == Instant::max()) due_ = now;
}

void SenderReports::handle_sent(std::uint64_t ntp, Instant now) {
  sent_[sent_count_ % kRemembered] = {middle(ntp), now};
  ++sent_count_;
  due_ = now + kReportInterval;
}

bool SenderReports::handle_echo(const rtcp::ReportBlock& block, Instant now) {
  // 0 says that no report has come yet; it is also what places that were never used hold.
  if (block.last_sr == 0) return false;
  const auto sent = std::ranges::find(sent_, block.last_sr, &Sent::ntp_middle);
  if (sent == sent_.end()) return false;
  const Duration held = Duration(std::int64_t{block.delay_since_last_sr} * 1'000'000'000 / 65536);
  // Clocks that run at different speeds can make the difference negative on a short path.
  const Duration measured = std::max(now - sent->at - held, Duration{});
  round_trip_ = round_trip_ ? *round_trip_ + (measured - *round_trip_) / kSmoothing : measured;
  return true;
}

}  // namespace porthole::rtc
