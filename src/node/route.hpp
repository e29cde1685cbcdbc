// A way that bytes take to a viewer: straight to its address, or through its TURN allocation.
#pragma once

#include <functional>

#include "base/packet.hpp"
#include "node/worker_id.hpp"
#include "turn/server.hpp"

namespace porthole::node {

struct Route {
  FiveTuple path;  // The client's, as the one port sees it.
  // Set when the bytes travel inside TURN: whose allocation, and which of our labels the browser knows us by.
  turn::AllocationId allocation = turn::AllocationId::none;
  SocketAddress peer;
  // Where its packets arrive: here, or with another worker, whose allocations and connections are its own.
  WorkerId worker = WorkerId::here;

  bool is_here() const { return worker == WorkerId::here; }
  bool is_relayed() const { return allocation != turn::AllocationId::none; }
  bool operator==(const Route&) const = default;
};

struct RouteHash {
  std::size_t operator()(const Route& route) const {
    const std::size_t relay = static_cast<std::size_t>(route.allocation) * 0x9e3779b97f4a7c15U;
    return std::hash<FiveTuple>{}(route.path) ^ relay;
  }
};

// As the page and the logs name it.
inline const char* route_name(const Route& route) {
  const bool stream = route.path.is_stream();
  if (!route.is_relayed()) return stream ? "direct TCP" : "direct UDP";
  if (route.path.transport == Transport::dtls) return "TURN over DTLS";
  if (route.path.transport == Transport::tls) return "TURN over TLS";
  return stream ? "TURN over TCP" : "TURN over UDP";
}

}  // namespace porthole::node
