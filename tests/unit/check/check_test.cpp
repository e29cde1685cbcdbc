#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <porthole/check.hpp>

#include "check/printable.hpp"

namespace porthole {
namespace {

using namespace std::chrono_literals;

// The discard port: nobody listens there.
constexpr const char* kNobody = "http://127.0.0.1:9/garden";

// The example of the header, but for its URL and where it prints.
int example(const std::string& url, std::FILE* out) {
  CheckOptions options;
  options.url = url;
  const auto checked = check_url(options);
  if (const auto* error = std::get_if<Error>(&checked)) {
    std::fprintf(out, "%s\n", error->message.c_str());
    return 2;
  }
  const auto& report = std::get<CheckReport>(checked);
  print(report, out);
  return report.carries_media() ? 0 : 1;
}

TEST(Check, IsUsedAsItsHeaderSays) {
  std::FILE* const out = std::tmpfile();
  EXPECT_EQ(example(kNobody, out), 1);
  EXPECT_EQ(example("ftp://cam.example", out), 2);
  std::fclose(out);
}

TEST(Check, SaysOfAClosedPortThatItRefuses) {
  const auto report = std::get<CheckReport>(check_url({kNobody}));
  EXPECT_EQ(report.page.state, RungState::fails);
  EXPECT_EQ(report.page.reason, "refused");
  EXPECT_EQ(report.page.target, "tcp 127.0.0.1:9");
  EXPECT_EQ(report.rungs.size(), 6U);
  EXPECT_FALSE(report.carries_media());
}

TEST(Check, TimeoutsHaveTheirBounds) {
  for (const auto timeout : {99ms, 60'001ms, -1ms}) {
    const auto checked = check_url({kNobody, timeout, false});
    ASSERT_TRUE(std::holds_alternative<Error>(checked));
    EXPECT_NE(std::get<Error>(checked).message.find("--timeout"), std::string::npos);
  }
  EXPECT_TRUE(std::holds_alternative<CheckReport>(check_url({kNobody, 100ms, false})));
}

CheckReport some_report() {
  CheckReport report;
  report.url = "http://cam.example:8443/garden";
  report.page = {.name = "page",
                 .state = RungState::works,
                 .target = "tcp 192.0.2.1:8443",
                 .connect = 1234us,
                 .round_trip = 40us,
                 .seen_as = {},
                 .reason = {},
                 .explanation = {},
                 .advice = {}};
  RungReport direct;
  direct.name = "direct";
  direct.state = RungState::fails;
  direct.reason = "timeout";
  direct.explanation = "No answer.";
  direct.advice = "Ask.";
  RungReport turn = report.page;
  turn.name = "turn-tcp";
  turn.connect = 120ms;
  turn.seen_as = "203.0.113.9:50000";
  report.rungs = {direct, turn};
  return report;
}

TEST(CheckReport, IsATableForPeople) {
  EXPECT_EQ(
      to_text(some_report()),
      "http://cam.example:8443/garden\n\n"
      "                          to connect  round trip\n"
      "  page       works        1.2 ms      0.04 ms     tcp 192.0.2.1:8443\n"
      "  direct     fails\n"
      "             No answer.\n"
      "             Ask.\n"
      "  turn-tcp   works        120 ms      0.04 ms     tcp 192.0.2.1:8443\n\n"
      "Media arrives here; the best way is turn-tcp. The server sees this machine as 203.0.113.9:50000.\n");
}

TEST(CheckReport, HasColoursOnlyWhereTheyAreAskedFor) {
  EXPECT_EQ(to_text(some_report()).find('\033'), std::string::npos);
  EXPECT_NE(to_text(some_report(), true).find("\033[32mworks"), std::string::npos);
  std::FILE* const file = std::tmpfile();
  print(some_report(), file);
  std::rewind(file);
  std::string text(4096, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), file));
  std::fclose(file);
  EXPECT_EQ(text, to_text(some_report()));
}

TEST(CheckReport, IsJsonWithFieldsThatStay) {
  const auto json = nlohmann::json::parse(to_json(some_report()));
  EXPECT_EQ(json["url"], "http://cam.example:8443/garden");
  EXPECT_EQ(json["carries_media"], true);
  EXPECT_TRUE(json["certificate"].is_null());
  EXPECT_EQ(json["page"]["connect"], 1.234);
  const auto& direct = json["rungs"][0];
  EXPECT_EQ(direct["name"], "direct");
  EXPECT_EQ(direct["state"], "fails");
  EXPECT_EQ(direct["reason"], "timeout");
  EXPECT_TRUE(direct["connect"].is_null());
  EXPECT_EQ(json["rungs"][1]["seen_as"], "203.0.113.9:50000");
  for (const char* field : {"target", "round_trip", "explanation", "advice"})
    EXPECT_TRUE(direct.contains(field));
}

TEST(CheckReport, StrangersCannotMoveATerminalsCursor) {
  EXPECT_EQ(check::printable("a\x1b[2J\r\n\x7f\xe2\x80\xae z"), "a?[2J?????? z");
  EXPECT_EQ(check::printable(std::string(300, 'x')), std::string(check::kMaxForeignText, 'x') + "...");
}

}  // namespace
}  // namespace porthole
