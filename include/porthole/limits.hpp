// What clients may take of a server, as far as an operator may want to move it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace porthole {

struct Limits {
  // TURN allocations at once: in all, of one user (of one minted user name), and of one client address. An
  // IPv6 client counts by its /64, and a whole company may stand behind one IPv4 address.
  std::size_t max_allocations = 10'000;
  std::size_t max_allocations_per_user = 8;
  std::size_t max_allocations_per_address = 1'000;

  // Of payload, for each allocation and direction; beyond that packets are lost. The default is 100 Mbit/s,
  // and 0 is no limit.
  std::uint64_t max_bytes_per_second = 12'500'000;

  // TCP connections at once, HTTP's among them: in all, and of one client address.
  std::size_t max_connections = 10'000;
  std::size_t max_connections_per_address = 1'000;

  // Clients that speak DTLS, which cost 61 KB of memory each until they have connected: in all, and of one
  // client address.
  std::size_t max_dtls_clients = 1'000;
  std::size_t max_dtls_clients_per_address = 100;

  // What waits in memory for a TCP client that reads too slowly; beyond that packets are lost for it.
  std::size_t max_queued_bytes = 1 << 20;
};

}  // namespace porthole
