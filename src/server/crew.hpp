// The workers of a broadcasting server, and what they send each other.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "server/limits.hpp"
#include "server/loops.hpp"
#include "server/sources.hpp"
#include "server/worker.hpp"

namespace porthole::server {

class Crew final : private Colleagues {
 public:
  // A worker for each loop. Everything is borrowed and outlives the crew.
  Crew(Loops& loops, crypto::DtlsFactory& dtls, SourceControl& sources, const Limits& limits,
       const std::vector<IpNetwork>& trusted_proxies);

  // Opens the port, which all share. `options.port` 0 is replaced by what the system chose.
  Result<void, std::string> open(const std::vector<SocketAddress>& listen, node::NodeOptions options);
  std::uint16_t port() const { return workers_.front()->port(); }

  std::vector<Sources::Receiver> receivers();
  std::size_t size() const { return workers_.size(); }
  Worker& operator[](std::size_t index) { return *workers_[index]; }

 private:
  void deliver(node::Parcel parcel) override;
  void pass_on(node::WorkerId from, node::WorkerId to, HttpRequest request, io::HttpReply reply) override;

  Loops& loops_;  // Borrowed.
  const Counts counts_;
  std::vector<std::unique_ptr<Worker>> workers_;
};

}  // namespace porthole::server
