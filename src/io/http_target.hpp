// The target of an HTTP request line, taken apart.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace porthole::io {

struct HttpTarget {
  std::string path;   // Decoded, begins with '/'.
  std::string query;  // Still encoded, without the '?'.
};

// RFC 9112 section 3.2: origin form or absolute form. Nothing for other forms, for a broken percent-encoding,
// and for one that hides a control character: those have no place in a name, a log line or a header.
std::optional<HttpTarget> parse_target(std::string_view target);

}  // namespace porthole::io
