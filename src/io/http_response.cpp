#include "io/http_response.hpp"

#include <algorithm>
#include <array>
#include <chrono>

namespace porthole::io {
namespace {

struct Reason {
  int status;
  std::string_view text;
};

constexpr std::array kReasons{
    Reason{101, "Switching Protocols"},
    Reason{200, "OK"},
    Reason{201, "Created"},
    Reason{204, "No Content"},
    Reason{206, "Partial Content"},
    Reason{301, "Moved Permanently"},
    Reason{302, "Found"},
    Reason{303, "See Other"},
    Reason{304, "Not Modified"},
    Reason{307, "Temporary Redirect"},
    Reason{308, "Permanent Redirect"},
    Reason{400, "Bad Request"},
    Reason{401, "Unauthorized"},
    Reason{403, "Forbidden"},
    Reason{404, "Not Found"},
    Reason{405, "Method Not Allowed"},
    Reason{406, "Not Acceptable"},
    Reason{408, "Request Timeout"},
    Reason{409, "Conflict"},
    Reason{410, "Gone"},
    Reason{412, "Precondition Failed"},
    Reason{413, "Content Too Large"},
    Reason{415, "Unsupported Media Type"},
    Reason{422, "Unprocessable Content"},
    Reason{426, "Upgrade Required"},
    Reason{428, "Precondition Required"},
    Reason{429, "Too Many Requests"},
    Reason{431, "Request Header Fields Too Large"},
    Reason{500, "Internal Server Error"},
    Reason{501, "Not Implemented"},
    Reason{503, "Service Unavailable"},
    Reason{504, "Gateway Timeout"},
};

std::string_view reason_phrase(int status) {
  for (const Reason& reason : kReasons) {
    if (reason.status == status) return reason.text;
  }
  return {};  // RFC 9112 section 4: the phrase may be empty.
}

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

bool is_ours(std::string_view name) {
  constexpr std::array<std::string_view, 5> kOurs{"connection", "content-length", "date", "server",
                                                  "transfer-encoding"};
  return std::ranges::any_of(
      kOurs, [&](std::string_view ours) { return std::ranges::equal(name, ours, {}, lower); });
}

// A line break in a value would let whoever chose it write fields, or a response, of their own.
bool breaks_framing(std::string_view text) {
  return std::ranges::any_of(text, [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

void add_field(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append("\r\n");
}

void add_two_digits(std::string& out, unsigned value) {
  out += static_cast<char>('0' + value / 10 % 10);
  out += static_cast<char>('0' + value % 10);
}

}  // namespace

std::string http_date(WallTime time) {
  constexpr std::array<std::string_view, 7> kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::seconds>(time - day));
  std::string text(kDays[std::chrono::weekday(day).c_encoding()]);
  text += ", ";
  add_two_digits(text, static_cast<unsigned>(date.day()));
  text.append(" ").append(kMonths[static_cast<unsigned>(date.month()) - 1]).append(" ");
  text += std::to_string(static_cast<int>(date.year())) + " ";
  add_two_digits(text, static_cast<unsigned>(clock.hours().count()));
  text += ':';
  add_two_digits(text, static_cast<unsigned>(clock.minutes().count()));
  text += ':';
  add_two_digits(text, static_cast<unsigned>(clock.seconds().count()));
  return text + " GMT";
}

std::string write_response(const HttpResponse& response, const ResponseContext& context) {
  // RFC 9110 sections 8.6 and 6.4.1: these have neither body nor Content-Length (a 304 might, of the body it
  // spares the client, but then it must be that one's).
  const bool has_length = response.status >= 200 && response.status != 204 && response.status != 304;
  std::string out = "HTTP/1.1 " + std::to_string(response.status) + " ";
  out.append(reason_phrase(response.status)).append("\r\n");
  add_field(out, "Date", http_date(context.date));
  add_field(out, "Server", "porthole");
  for (const auto& [name, value] : response.headers) {
    if (!is_ours(name) && !breaks_framing(name) && !breaks_framing(value)) add_field(out, name, value);
  }
  if (has_length) add_field(out, "Content-Length", std::to_string(response.body.size()));
  if (!find_header(response.headers, "Upgrade").empty()) {
    // RFC 9110 section 7.8: the field is for this connection alone, and must say so.
    add_field(out, "Connection", context.keep_alive ? "Upgrade" : "Upgrade, close");
  } else if (!context.keep_alive) {
    add_field(out, "Connection", "close");
  } else if (context.http_1_0) {
    add_field(out, "Connection", "keep-alive");
  }
  out += "\r\n";
  if (has_length && !context.head) out += response.body;
  return out;
}

HttpResponse plain_response(int status) {
  HttpResponse response{
      .status = status, .headers = {{"Content-Type", "text/plain; charset=utf-8"}}, .body = {}};
  response.body = std::to_string(status) + " ";
  response.body.append(reason_phrase(status)).append("\n");
  return response;
}

}  // namespace porthole::io
