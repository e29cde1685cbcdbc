#include "rtc/reports.hpp"

#include <gtest/gtest.h>

namespace porthole::rtc {
namespace {

constexpr Instant kStart{100s};

rtcp::ReportBlock echo(std::uint64_t ntp, Duration held) {
  rtcp::ReportBlock block;
  block.last_sr = static_cast<std::uint32_t>(ntp >> 16);
  block.delay_since_last_sr = static_cast<std::uint32_t>(held.count() * 65536 / 1'000'000'000);
  return block;
}

TEST(SenderReports, NtpCountsFrom1900) {
  EXPECT_EQ(ntp_time(WallTime{}), 2'208'988'800ULL << 32);
  EXPECT_EQ(ntp_time(WallTime{1s + 500ms}), (2'208'988'801ULL << 32) | 0x80000000U);
  // RFC 868's example day, 1 January 1980.
  EXPECT_EQ(ntp_time(WallTime{std::chrono::sys_days{std::chrono::year{1980} / 1 / 1}}) >> 32,
            2'524'521'600ULL);
}

TEST(SenderReports, AreDueAtOnceAndThenEverySecond) {
  SenderReports reports;
  EXPECT_EQ(reports.next_timeout(), Instant::max());
  reports.start(kStart);
  EXPECT_EQ(reports.next_timeout(), kStart);
  reports.handle_sent(1, kStart);
  EXPECT_EQ(reports.next_timeout(), kStart + 1s);
  reports.start(kStart + 10ms);
  EXPECT_EQ(reports.next_timeout(), kStart + 1s) << "starting again changes nothing";
}

TEST(SenderReports, AnEchoMeasuresTheRoundTrip) {
  SenderReports reports;
  EXPECT_FALSE(reports.round_trip());
  const std::uint64_t ntp = ntp_time(WallTime{1'700'000'000s});
  reports.handle_sent(ntp, kStart);
  EXPECT_TRUE(reports.handle_echo(echo(ntp, 400ms), kStart + 450ms));
  ASSERT_TRUE(reports.round_trip());
  EXPECT_NEAR(static_cast<double>(reports.round_trip()->count()), 50e6, 0.1e6);
}

TEST(SenderReports, TheRoundTripIsSmoothed) {
  SenderReports reports;
  reports.handle_sent(0x10000, kStart);
  reports.handle_echo(echo(0x10000, 0ms), kStart + 100ms);
  reports.handle_echo(echo(0x10000, 0ms), kStart + 500ms);
  EXPECT_EQ(reports.round_trip(), 200ms);
}

TEST(SenderReports, AnEchoOfWhatWasNeverSentMeasuresNothing) {
  SenderReports reports;
  EXPECT_FALSE(reports.handle_echo(echo(0x10000, 0ms), kStart)) << "nothing was sent";
  reports.handle_sent(0x20000, kStart);
  EXPECT_FALSE(reports.handle_echo(echo(0x10000, 0ms), kStart));
  EXPECT_FALSE(reports.handle_echo(echo(0, 0ms), kStart)) << "0 says that no report came yet";
  EXPECT_FALSE(reports.round_trip());
}

TEST(SenderReports, OldReportsAreForgotten) {
  SenderReports reports;
  for (std::uint64_t i = 1; i <= 5; ++i) reports.handle_sent(i << 16, kStart + i * 1s);
  EXPECT_FALSE(reports.handle_echo(echo(1 << 16, 0ms), kStart + 6s));
  EXPECT_TRUE(reports.handle_echo(echo(2 << 16, 0ms), kStart + 6s));
}

TEST(SenderReports, ADelayThatIsTooLongToBeTrueIsARoundTripOfZero) {
  SenderReports reports;
  reports.handle_sent(0x10000, kStart);
  EXPECT_TRUE(reports.handle_echo(echo(0x10000, 3h), kStart + 1s));
  EXPECT_EQ(reports.round_trip(), 0ms);
}

}  // namespace
}  // namespace porthole::rtc
