// The first step: reach the server by HTTP, see that it is a Porthole, and choose a stream.
#pragma once

#include <optional>
#include <string>

#include "check/http_client.hpp"
#include "check/target.hpp"

namespace porthole::check {

// A page that was reached.
struct Page {
  Target target;  // After redirects, with the name of the stream.
  Endpoint endpoint;
  std::optional<CheckedCertificate> certificate;
  Duration connect{};
  Duration round_trip{};
};

// A page that was not: where it was tried, as far as that was known.
struct PageFault {
  Fault fault;
  Target target;
  std::optional<SocketAddress> address;
  std::optional<CheckedCertificate> certificate;
  bool is_proxied = false;
};

// How servers are asked, whichever it is.
struct Approach {
  bool insecure = false;
  std::optional<Proxy> proxy;
};

// The name of the stream to ask for, from the list that the server gave; `wanted` may be empty. The Fault
// says which there are.
Result<std::string, Fault> choose_stream(std::string_view json, const std::string& wanted);

Result<Page, PageFault> open_page(const Target& target, const Approach& approach, const Deadline& deadline);

}  // namespace porthole::check
