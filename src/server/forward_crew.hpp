// The workers of a forwarder, and what they have in common.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "io/kept_sockets.hpp"
#include "server/forward_worker.hpp"
#include "server/limits.hpp"
#include "server/loops.hpp"

namespace porthole::server {

class ForwardCrew {
 public:
  // A worker for each loop; they are borrowed and outlive the crew.
  ForwardCrew(Loops& loops, const Limits& limits, const std::vector<IpNetwork>& trusted_proxies);

  // Opens the port, which all share. Port 0 is replaced by what the system chose.
  Result<void, std::string> open(const std::vector<SocketAddress>& listen, node::ForwardOptions options);
  std::uint16_t port() const { return workers_.front()->port(); }

  std::size_t size() const { return workers_.size(); }
  ForwardWorker& operator[](std::size_t index) { return *workers_[index]; }

 private:
  Counts counts_;
  io::KeptSockets kept_;
  std::vector<std::unique_ptr<ForwardWorker>> workers_;
};

}  // namespace porthole::server
