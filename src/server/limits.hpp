// An operator's limits, for those who keep them.
#pragma once

#include <porthole/limits.hpp>
#include <vector>

#include "io/tcp_port.hpp"
#include "node/dtls_clients.hpp"
#include "turn/limits.hpp"

namespace porthole::server {

inline turn::Limits turn_limits(const Limits& limits) {
  turn::Limits made;
  made.allocations = limits.max_allocations;
  made.allocations_per_user = limits.max_allocations_per_user;
  made.allocations_per_address = limits.max_allocations_per_address;
  made.bytes_per_second = limits.max_bytes_per_second;
  return made;
}

inline io::TcpOptions tcp_options(const Limits& limits, const std::vector<IpNetwork>& trusted_proxies) {
  io::TcpOptions made;
  made.max_connections = limits.max_connections;
  made.max_connections_per_address = limits.max_connections_per_address;
  made.max_queued_bytes = limits.max_queued_bytes;
  // All the connections of an address may begin at once, however many an operator allows.
  made.tls_handshake_burst = static_cast<std::uint32_t>(limits.max_connections_per_address);
  made.trusted_proxies = trusted_proxies;
  return made;
}

inline node::DtlsLimits dtls_limits(const Limits& limits) {
  return {.clients = limits.max_dtls_clients, .clients_per_customer = limits.max_dtls_clients_per_address};
}

}  // namespace porthole::server
