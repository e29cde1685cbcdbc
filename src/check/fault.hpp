// Why a step of the check failed.
#pragma once

#include <cstdint>
#include <string>

namespace porthole::check {

enum class Reason : std::uint8_t {
  no_such_name,
  refused,
  timeout,
  unreachable,
  reset,
  closed,
  no_tls,
  certificate,
  proxy,  // Something in between answers for itself.
  not_porthole,
  no_stream,
  unauthorized,
  forbidden,
  busy,
  bad_answer,
  local,  // This machine could not even try.
};

// The stable word of porthole::RungReport::reason.
const char* name_of(Reason reason);

struct Fault {
  Reason reason = Reason::local;
  // A sentence where there is more to say than the reason does. Safe to print.
  std::string detail;
  // Whether the connection stood before it failed: then it is not the address that is blocked.
  bool connected = false;
};

// Of a socket's call.
Fault fault_of_errno(int error);

}  // namespace porthole::check
