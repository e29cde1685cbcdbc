// What a fault likely means, and whom to ask for what: in words that one can send on.
#pragma once

#include <optional>
#include <porthole/check.hpp>
#include <string>

#include "base/address.hpp"
#include "check/fault.hpp"

namespace porthole::check {

enum class Carrier : std::uint8_t { udp, tcp, tls };

// "udp 192.0.2.1:8443"
std::string target_text(Carrier carrier, const SocketAddress& address);

// Fills state, reason, explanation and advice. `name` and `target` stay as they are.
struct FaultPlace {
  Carrier carrier = Carrier::tcp;
  std::optional<SocketAddress> address;  // nullopt: it was not even known.
};
void explain(RungReport& rung, const Fault& fault, const FaultPlace& place);

}  // namespace porthole::check
