// What a fault likely means, and whom to ask for what: in words that one can send on.
#pragma once

#include <optional>
#include <porthole/check.hpp>
#include <string>

#include "check/fault.hpp"
#include "check/stream.hpp"

namespace porthole::check {

enum class Carrier : std::uint8_t { udp, tcp, tls };

struct FaultPlace {
  Carrier carrier = Carrier::tcp;
  std::optional<SocketAddress> address;  // The server's or its proxy's. nullopt: it was not even known.
  std::string proxied;                   // "HOST:PORT" that the proxy was asked for; empty without a proxy.
};
FaultPlace place_of(const Endpoint& endpoint);

// "udp 192.0.2.1:8443", "tcp cam.example:443 by proxy 192.0.2.9:3128"; empty where nothing is known.
std::string target_text(const FaultPlace& place);

// Fills state, reason, explanation and advice. `name` and `target` stay as they are.
void explain(RungReport& rung, const Fault& fault, const FaultPlace& place);

}  // namespace porthole::check
