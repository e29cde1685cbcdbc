// An HTTP exchange as plain values. io/ parses and writes the bytes; node/ and server/ decide the answers.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/packet.hpp"

namespace porthole {

// Names compare without case (RFC 9110 section 5.1).
using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

// Of ASCII text.
inline bool equal_ignoring_case(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::ranges::equal(a, b, {}, lower, lower);
}

inline std::string_view find_header(const HttpHeaders& headers, std::string_view name) {
  for (const auto& [key, value] : headers) {
    if (equal_ignoring_case(key, name)) return value;
  }
  return {};
}

struct HttpRequest {
  std::string method;  // As sent: "GET", "POST", …
  std::string path;    // Percent-decoded, without the query; begins with '/'.
  std::string query;   // Without the '?', still encoded.
  HttpHeaders headers;
  std::string body;
  FiveTuple via;  // The connection it came on.

  // Empty when there is none.
  std::string_view header(std::string_view name) const { return find_header(headers, name); }
};

struct HttpResponse {
  int status = 200;
  HttpHeaders headers;
  std::string body;
};

}  // namespace porthole
