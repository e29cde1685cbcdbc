// porthole::CheckReport as text and as JSON.
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <porthole/check.hpp>

namespace porthole {
namespace {

using Json = nlohmann::ordered_json;
using Microseconds = std::optional<std::chrono::microseconds>;

constexpr std::size_t kNameWidth = 11;
constexpr std::size_t kStateWidth = 13;
constexpr std::size_t kTimeWidth = 12;
constexpr std::size_t kLineWidth = 100;

struct StateWords {
  const char* text;
  const char* json;
  const char* colour;  // SGR parameters.
};
constexpr std::array<StateWords, 4> kStates = {{{"works", "works", "32"},
                                                {"fails", "fails", "31"},
                                                {"not offered", "not-offered", "2"},
                                                {"not tried", "not-tried", "2"}}};

const StateWords& words_of(RungState state) {
  return kStates[static_cast<std::size_t>(state)];
}

std::string padded(std::string text, std::size_t width) {
  text.resize(std::max(width, text.size()), ' ');
  return text;
}

std::string in_colour(const std::string& text, const char* parameters, bool colour) {
  return colour ? "\033[" + std::string(parameters) + "m" + text + "\033[0m" : text;
}

// "0.04 ms" below one, "1.4 ms" below ten, "123 ms" above.
std::string milliseconds(const Microseconds& time) {
  if (!time) return "";
  const double value = static_cast<double>(time->count()) / 1000;
  const int below_ten = value < 9.95 ? 1 : 0;
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.*f ms", value < 0.995 ? 2 : below_ten, value);
  return text.data();
}

// Sentences, broken between words and indented as the table's second column.
void append_sentences(std::string& text, const std::string& sentences) {
  const std::string indent(2 + kNameWidth, ' ');
  std::string line = indent;
  for (std::size_t at = 0; at < sentences.size();) {
    const std::size_t end = std::min(sentences.find(' ', at), sentences.size());
    const std::string word = sentences.substr(at, end - at);
    if (line.size() > indent.size() && line.size() + 1 + word.size() > kLineWidth) {
      text += line + "\n";
      line = indent;
    }
    line += (line.size() > indent.size() ? " " : "") + word;
    at = end + 1;
  }
  if (line.size() > indent.size()) text += line + "\n";
}

void append_rung(std::string& text, const RungReport& rung, bool colour) {
  const StateWords& state = words_of(rung.state);
  std::string line =
      "  " + padded(rung.name, kNameWidth) + in_colour(padded(state.text, kStateWidth), state.colour, colour);
  line += padded(milliseconds(rung.connect), kTimeWidth) + padded(milliseconds(rung.round_trip), kTimeWidth);
  line += rung.target;
  line.erase(line.find_last_not_of(' ') + 1);
  text += line + "\n";
  append_sentences(text, rung.explanation);
  append_sentences(text, rung.advice);
}

// Those that were not tried share a line, and the reason, at the end.
void append_rungs(std::string& text, const CheckReport& report, bool colour) {
  std::string names, why;
  for (const RungReport& rung : report.rungs) {
    if (rung.state != RungState::not_tried) {
      append_rung(text, rung, colour);
      continue;
    }
    names += (names.empty() ? "" : ", ") + rung.name;
    why = rung.explanation;
  }
  if (names.empty()) return;
  text += "  " + padded("others", kNameWidth) + in_colour("not tried", "2", colour) + "\n";
  append_sentences(text, names + ". " + why);
}

void append_certificate(std::string& text, const CheckReport& report) {
  if (!report.certificate) return;
  const CheckedCertificate& certificate = *report.certificate;
  // Where it was what failed, its problem stands there already.
  const bool is_new = report.page.state == RungState::works && !certificate.problem.empty();
  append_sentences(text, "Certificate for " + (certificate.names.empty() ? "nobody" : certificate.names) +
                             ", from " + certificate.issuer + ", valid " + certificate.not_before + " to " +
                             certificate.not_after + "." + (is_new ? " " + certificate.problem : ""));
}

// The way that a viewer's page would take, as far as this machine can tell.
std::string verdict(const CheckReport& report) {
  if (!report.carries_media()) return "No media would arrive here.";
  const auto best = std::ranges::find(report.rungs, RungState::works, &RungReport::state);
  std::string text = "Media arrives here; the best way is " + best->name + ".";
  const auto seen =
      std::ranges::find_if(report.rungs, [](const RungReport& rung) { return !rung.seen_as.empty(); });
  if (seen != report.rungs.end()) text += " The server sees this machine as " + seen->seen_as + ".";
  return text;
}

Json to_number(const Microseconds& time) {
  return time ? Json(static_cast<double>(time->count()) / 1000) : Json(nullptr);
}

Json to_json(const RungReport& rung) {
  return {{"name", rung.name},
          {"state", words_of(rung.state).json},
          {"target", rung.target},
          {"connect", to_number(rung.connect)},
          {"round_trip", to_number(rung.round_trip)},
          {"seen_as", rung.seen_as},
          {"reason", rung.reason},
          {"explanation", rung.explanation},
          {"advice", rung.advice}};
}

Json to_json(const CheckedCertificate& certificate) {
  return {{"issuer", certificate.issuer},         {"names", certificate.names},
          {"not_before", certificate.not_before}, {"not_after", certificate.not_after},
          {"is_valid", certificate.is_valid},     {"problem", certificate.problem}};
}

}  // namespace

std::string to_text(const CheckReport& report, bool colour) {
  std::string text = report.url + "\n";
  if (report.tried.size() > 1) {
    text += "  (tried";
    for (const std::string& url : report.tried) text += " " + url;
    text += ")\n";
  }
  text += "\n  " + padded("", kNameWidth + kStateWidth) + padded("to connect", kTimeWidth) + "round trip\n";
  append_rung(text, report.page, colour);
  append_certificate(text, report);
  append_rungs(text, report, colour);
  text += "\n";
  for (const std::string& note : report.notes) text += note + "\n";
  return text + in_colour(verdict(report), report.carries_media() ? "1" : "1;31", colour) + "\n";
}

void print(const CheckReport& report, std::FILE* out) {
  const char* const no_colour = std::getenv("NO_COLOR");
  const bool wants_colour = no_colour == nullptr || *no_colour == '\0';
  std::fputs(to_text(report, wants_colour && isatty(fileno(out)) == 1).c_str(), out);
}

std::string to_json(const CheckReport& report) {
  Json rungs = Json::array();
  for (const RungReport& rung : report.rungs) rungs.push_back(to_json(rung));
  const Json json{{"url", report.url},
                  {"tried", report.tried},
                  {"page", to_json(report.page)},
                  {"certificate", report.certificate ? to_json(*report.certificate) : Json(nullptr)},
                  {"stream", report.stream},
                  {"rungs", rungs},
                  {"notes", report.notes},
                  {"carries_media", report.carries_media()}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace porthole
