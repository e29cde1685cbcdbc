#include "check/fault.hpp"

#include <array>
#include <cerrno>
#include <system_error>

namespace porthole::check {

const char* name_of(Reason reason) {
  static constexpr std::array<const char*, 16> kNames = {
      "no-such-name", "refused",     "timeout",    "unreachable",  "reset",     "closed",
      "no-tls",       "certificate", "proxy",      "not-porthole", "no-stream", "unauthorized",
      "forbidden",    "busy",        "bad-answer", "local"};
  return kNames[static_cast<std::size_t>(reason)];
}

Fault fault_of_errno(int error) {
  switch (error) {
    case ECONNREFUSED:
      return {Reason::refused, {}};
    case ETIMEDOUT:
      return {Reason::timeout, {}};
    case ECONNRESET:
    case EPIPE:
      return {Reason::reset, {}};
    case ENETUNREACH:
    case EHOSTUNREACH:
    case EADDRNOTAVAIL:
    case EACCES:  // An ICMP "prohibited", or a rule of this machine's own firewall.
    case EPERM:
      return {Reason::unreachable, std::generic_category().message(error) + "."};
    default:
      return {Reason::local, std::generic_category().message(error) + "."};
  }
}

}  // namespace porthole::check
