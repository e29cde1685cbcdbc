#include "server/forward_crew.hpp"

#include "server/shared_reservations.hpp"

namespace porthole::server {

ForwardCrew::ForwardCrew(Loops& loops, const Limits& limits, const std::vector<IpNetwork>& trusted_proxies)
    : counts_(limits) {
  for (std::size_t i = 0; i < loops.size(); ++i) {
    const ForwardWorker::Surroundings surroundings{loops[i], kept_};
    workers_.push_back(
        std::make_unique<ForwardWorker>(surroundings, tcp_options(limits, counts_, trusted_proxies)));
  }
}

Result<void, std::string> ForwardCrew::open(const std::vector<SocketAddress>& listen,
                                            node::ForwardOptions options) {
  options.commons = counts_.turn;
  // A client may come for what it has reserved from another address, and so to another worker.
  options.commons.reservations = std::make_shared<SharedReservations>();
  options.rules.relayed = std::make_shared<node::RelayedPorts>();
  std::vector<SocketAddress> addresses = listen;
  auto sharing = size() > 1 ? io::Sharing::first : io::Sharing::none;
  for (const auto& worker : workers_) {
    if (auto opened = worker->open(addresses, sharing, options, counts_.dtls_clients); !opened) return opened;
    for (SocketAddress& address : addresses) address.port = port();
    sharing = io::Sharing::further;
  }
  return {};
}

}  // namespace porthole::server
