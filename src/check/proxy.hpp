// The HTTP proxy that a network prescribes for TCP (RFC 9110 section 9.3.6, CONNECT).
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "check/fault.hpp"

namespace porthole::check {

// The head of a proxy's answer.
constexpr std::size_t kMaxProxyAnswer = 16 * 1024;

struct Proxy {
  std::string host;
  std::uint16_t port = 0;
  std::string login;     // For Proxy-Authorization, encoded; empty: none.
  std::string variable;  // Where it was set.

  // "proxy.example:3128"
  std::string name() const;
};

// getenv(): nullptr where it is not set.
using Environment = std::function<const char*(const char*)>;

// HTTPS_PROXY, HTTP_PROXY or ALL_PROXY in either case, unless NO_PROXY names the host. The error is a
// sentence about one that is no use to us.
Result<std::optional<Proxy>, std::string> find_proxy(const std::string& host, const Environment& environment);

// What asks the proxy for a connection to "HOST:PORT".
std::string connect_request(const Proxy& proxy, const std::string& authority);

// Of the head, up to and with its empty line. A Fault where the proxy refuses.
Result<void, Fault> read_connect_answer(std::string_view head);

}  // namespace porthole::check
