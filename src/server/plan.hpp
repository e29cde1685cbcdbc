// Server options, checked and resolved: what is left can only fail at run time.
#pragma once

#include <porthole/server.hpp>
#include <string>
#include <vector>

#include "base/address.hpp"
#include "base/ip_network.hpp"
#include "base/random.hpp"
#include "base/result.hpp"
#include "server/addresses.hpp"

namespace porthole::server {

struct Plan {
  std::vector<SocketAddress> listen;     // Never empty.
  std::vector<SocketAddress> advertise;  // Port 0: the one port.
  std::vector<IpNetwork> trusted_proxies;
  std::vector<SourceOptions> sources;  // Never empty.
  std::vector<std::string> secrets;    // Never empty.
};

Result<Plan, Error> make_plan(const ServerOptions& options, Random& random);

}  // namespace porthole::server
