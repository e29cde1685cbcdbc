// The addresses that this machine has.
#pragma once

#include <vector>

#include "base/address.hpp"

namespace porthole::io {

// Of the interfaces that are up: IPv4 first, then IPv6, loopback last, each in the system's order. No
// link-local addresses: they mean nothing without an interface's name.
std::vector<IpAddress> local_addresses();

}  // namespace porthole::io
