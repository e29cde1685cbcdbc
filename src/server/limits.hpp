// An operator's limits, for those who keep them.
#pragma once

#include <memory>
#include <porthole/limits.hpp>
#include <string>
#include <vector>

#include "io/tcp_port.hpp"
#include "node/dtls_clients.hpp"
#include "server/shared_quota.hpp"
#include "turn/commons.hpp"
#include "turn/limits.hpp"

namespace porthole::server {

// What the workers of a server count together: the limits are those of the whole server.
struct Counts {
  explicit Counts(const Limits& limits)
      : connections(of_customers(limits.max_connections, limits.max_connections_per_address)),
        dtls_clients(of_customers(limits.max_dtls_clients, limits.max_dtls_clients_per_address)) {
    turn.allocations = of_customers(limits.max_allocations, limits.max_allocations_per_address);
    turn.users =
        std::make_shared<SharedQuota<std::string>>(QuotaLimits{.of_a_kind = limits.max_allocations_per_user});
  }

  static std::shared_ptr<Quota<IpAddress>> of_customers(std::size_t in_all, std::size_t of_each) {
    return std::make_shared<SharedQuota<IpAddress>>(QuotaLimits{.in_all = in_all, .of_a_kind = of_each});
  }

  std::shared_ptr<Quota<IpAddress>> connections;
  std::shared_ptr<Quota<IpAddress>> dtls_clients;
  turn::Commons turn;  // Without reservations.
};

// Those that are not counted; for those that are, see Counts.
inline turn::Limits turn_limits(const Limits& limits) {
  turn::Limits made;
  made.bytes_per_second = limits.max_bytes_per_second;
  return made;
}

inline io::TcpOptions tcp_options(const Limits& limits, const Counts& counts,
                                  const std::vector<IpNetwork>& trusted_proxies) {
  io::TcpOptions made;
  made.quota = counts.connections;
  made.max_queued_bytes = limits.max_queued_bytes;
  // All the connections of an address may begin at once, however many an operator allows.
  made.tls_handshake_burst = static_cast<std::uint32_t>(limits.max_connections_per_address);
  made.trusted_proxies = trusted_proxies;
  return made;
}

}  // namespace porthole::server
