// Forwarder options, checked and resolved: what is left can only fail at run time.
#pragma once

#include <porthole/forwarder.hpp>
#include <string>
#include <vector>

#include "base/address.hpp"
#include "base/ip_network.hpp"
#include "base/result.hpp"
#include "node/peer_policy.hpp"

namespace porthole::server {

struct ForwardPlan {
  std::vector<SocketAddress> listen;  // Never empty.
  std::vector<IpNetwork> trusted_proxies;
  std::vector<node::PeerRange> peers;  // Never empty.
};

// `local`: this machine's addresses.
Result<ForwardPlan, Error> make_forward_plan(const ForwarderOptions& options,
                                             const std::vector<IpAddress>& local);

}  // namespace porthole::server
