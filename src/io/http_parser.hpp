// Cuts a byte stream into HTTP/1.x requests, within limits.
#pragma once

#include <memory>

#include "base/http.hpp"

namespace porthole::io {

constexpr std::size_t kMaxHttpHeader = 16 << 10;  // Request line and fields together.
constexpr std::size_t kMaxHttpBody = 64 << 10;    // An SDP offer has 2 to 10 KiB.

class HttpParser {
 public:
  HttpParser();
  ~HttpParser();

  // Keeps a copy.
  void feed(Bytes bytes);

  enum class Step : std::uint8_t {
    need_more,
    continue_wanted,  // RFC 9110 section 10.1.1: the client waits for "100 Continue" before the body.
    request,          // One is complete: take it.
    failed,           // The stream cannot be read on; failure() is the status to answer with.
  };
  Step next();

  struct Parsed {
    HttpRequest request;  // Without `via`.
    bool keep_alive = true;
    bool http_1_0 = false;
  };
  // After Step::request, once.
  Parsed take();
  // After take(): what has come behind the request. Until feed().
  Bytes rest() const;
  // After Step::failed.
  int failure() const;
  // Nothing of a next request has come.
  bool between_requests() const;

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace porthole::io
