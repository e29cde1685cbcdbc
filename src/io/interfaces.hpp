// The addresses that this machine has.
#pragma once

#include <optional>
#include <vector>

#include "base/address.hpp"

namespace porthole::io {

// Of the interfaces that are up: IPv4 first, then IPv6, loopback last, each in the system's order. No
// link-local addresses: they mean nothing without an interface's name.
std::vector<IpAddress> local_addresses();

// The one that packets to `peer` leave from, as the routes are now; nullopt where none leads there.
std::optional<IpAddress> source_towards(const SocketAddress& peer);

}  // namespace porthole::io
