// Addresses as options name them, for both modes.
#pragma once

#include <porthole/basics.hpp>
#include <string>
#include <vector>

#include "base/address.hpp"
#include "base/ip_network.hpp"
#include "base/result.hpp"

namespace porthole::server {

Failure<Error> wrong(std::string message);
Error runtime_error(std::string message);

// Where to listen; never empty.
Result<std::vector<SocketAddress>, Error> plan_listen(const std::vector<std::string>& listen,
                                                      std::uint16_t port);

// "IP", "IP:PORT", "[IPv6]:PORT", "HOST" or "HOST:PORT". Port 0: the one port.
Result<std::vector<SocketAddress>, Error> plan_advertised(const std::string& text);

// Of --trust-proxy.
Result<std::vector<IpNetwork>, Error> plan_trusted(const std::vector<std::string>& networks);

// At most turn::kMaxSecrets.
Result<void, Error> check_secrets(const std::vector<std::string>& secrets);

// At most node::kMaxWorkers.
Result<void, Error> check_workers(std::size_t workers);

// Of this machine's addresses, those that are listened on: what others can be told.
std::vector<IpAddress> served_addresses(const std::vector<SocketAddress>& listen,
                                        const std::vector<IpAddress>& local);

// The address that this machine is most likely reached at, of those.
std::string reachable_address(const std::vector<IpAddress>& addresses);

// "HOST:PORT" for URLs, where the host may have a port of its own already.
std::string authority(const std::string& host, std::uint16_t port);

}  // namespace porthole::server
