// Writes HTTP responses.
#pragma once

#include <string>

#include "base/http.hpp"
#include "base/time.hpp"

namespace porthole::io {

struct ResponseContext {
  bool head = false;  // Answers HEAD: Content-Length as for GET, but no body.
  bool keep_alive = true;
  bool http_1_0 = false;
  WallTime date{};
};

// The bytes to send. Fields that io/ itself is in charge of, or that would break the framing, are left out of
// response.headers.
std::string write_response(const HttpResponse& response, const ResponseContext& context);

// A short text for people, as answered where no handler was asked.
HttpResponse plain_response(int status);

// RFC 9110 section 5.6.7, whatever the locale is.
std::string http_date(WallTime time);

}  // namespace porthole::io
