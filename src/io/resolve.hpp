// Host names to addresses.
#pragma once

#include <string>
#include <vector>

#include "base/address.hpp"

namespace porthole::io {

// The system's resolver, IPv4 first; empty when the name has no address. Blocks, for seconds at worst: only
// at start.
std::vector<IpAddress> resolve(const std::string& host);

}  // namespace porthole::io
