// The URL that a user gives, as what to try.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace porthole::check {

// RFC 1035 section 2.3.4.
constexpr std::size_t kMaxHost = 253;
// As include/porthole/server.hpp says of names.
constexpr std::size_t kMaxStreamName = 64;

struct Target {
  bool tls = false;
  std::string host;  // Without brackets.
  std::uint16_t port = 0;
  std::string stream;  // Empty: any.

  // "cam.example:8443", "[2001:db8::1]:8443".
  std::string authority() const;
  // "https://cam.example:8443/garden"
  std::string url() const;
};

// "HOST[:PORT]" with brackets around IPv6. nullopt where it is none.
struct HostPort {
  std::string host;
  std::optional<std::uint16_t> port;
};
std::optional<HostPort> parse_host_port(std::string_view text);

// One target where scheme and port are said or follow from each other; otherwise those that are likely, best
// first. The error is a sentence for whoever typed it.
Result<std::vector<Target>, std::string> parse_url(std::string_view url);

}  // namespace porthole::check
