// One HTTP request and its answer, each over a connection of its own.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "check/stream.hpp"

namespace porthole::check {

// An answer to an offer has a few KiB, and a list of streams may have many; a film is not read.
constexpr std::size_t kMaxAnswerHeader = 32 * 1024;
constexpr std::size_t kMaxAnswerBody = 512 * 1024;

struct HttpAsk {
  std::string method = "GET";
  std::string target;        // "/healthz"
  std::string authority;     // For the Host header.
  std::string content_type;  // Of the body.
  std::string body;
};

struct HttpAnswer {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::optional<CheckedCertificate> certificate;
  Duration connect{};   // Until the request could be sent.
  Duration exchange{};  // From the request to the end of the answer.

  // Of the first one of that name, in whatever case; empty where there is none.
  std::string_view header(std::string_view name) const;
};

Result<HttpAnswer, Fault> ask(const Endpoint& endpoint, const HttpAsk& ask, const Deadline& deadline);

}  // namespace porthole::check
