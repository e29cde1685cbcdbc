// The whole core on a virtual network: drives the node with its five verbs, or the nodes of several workers,
// feeds them a source, and holds them, at every step, to what must always be true.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "fake_dtls.hpp"
#include "node/node.hpp"
#include "synthetic_source.hpp"
#include "virtual_network.hpp"

namespace porthole::sim {

class Simulation {
 public:
  struct Options {
    std::uint64_t seed = 1;
    SyntheticSource::Options source{};
    std::size_t max_viewers = 1000;
    // Who share the port. What arrives lands with one of them by chance, but always the same one for a
    // client's address; requests go to each in turn.
    std::size_t workers = 1;
    // Where the server listens; the first is where pages come from.
    std::vector<SocketAddress> addresses = {{IpAddress::v4(0xCB00'710A), 8443}};  // 203.0.113.10
    std::vector<SocketAddress> advertised{};
  };

  explicit Simulation(Options options);

  // One broadcast, "cam", whose source runs from the start.
  static constexpr const char* kBroadcast = "cam";

  // One exchange, at once.
  HttpResponse http(HttpRequest request);

  // The server ends; its goodbyes are on their way.
  void shut_down();

  void run_for(Duration duration) { scheduler_.run_until(scheduler_.now() + duration); }

  // A client's IP address that nobody has had before.
  IpAddress new_client_ip();

  Scheduler& scheduler() { return scheduler_; }
  VirtualNetwork& network() { return network_; }
  node::Node& node(std::size_t worker = 0) { return workers_[worker]->node; }
  std::size_t viewer_count() const;
  std::size_t allocation_count() const;
  // How many live with that worker.
  std::size_t viewers_of(std::size_t worker) const { return workers_[worker]->node.viewer_count(); }
  // Where the next request goes, and what comes from a client's address.
  void send_request_to(std::size_t worker) { next_request_ = worker; }
  void land(const IpAddress& client, std::size_t worker) { landings_[client] = worker; }
  std::size_t landing(const SocketAddress& remote) const;
  FakeDtlsFactory& dtls() { return dtls_; }
  SyntheticSource& source() { return source_; }
  Random& random() { return random_; }
  const SocketAddress& server() const { return options_.addresses.front(); }
  // The first of that family; of any, where there is none.
  const SocketAddress& server(Family family) const;
  Instant now() const { return scheduler_.now(); }

  struct Count {
    std::size_t batches = 0;
    std::size_t segments = 0;
    std::size_t most_segments = 0;  // In one batch.
    std::size_t keyframes_wanted = 0;
    std::size_t connections_refused = 0;
    std::size_t viewers_connected = 0;
    std::map<node::ViewerEnd, std::size_t> viewers_gone;
    std::size_t viewers_moved = 0;
    std::size_t packets_carried = 0;
  };
  const Count& count() const { return count_; }
  // Sees every batch that the node sends.
  std::function<void(const TransmitBatch&)> on_batch;

  std::vector<node::RenditionWanted> renditions_wanted;
  std::vector<node::ViewerConnected> viewers_connected;

  // Of everything that the node sent and said, and when: equal runs have equal ones.
  std::uint64_t trace() const { return trace_; }

  // The node holds nothing for anybody.
  void expect_nothing_left();

 private:
  struct Worker {
    Worker(Simulation& simulation, node::NodeOptions options);

    node::Node node;
    Alarm wake;
    // No busy loop: how often the node asked to be woken within the second that began then.
    Instant second_began{};
    std::size_t wakes = 0;
    std::map<VideoCodec, bool> wants;
  };

  Worker& worker_at(const SocketAddress& remote) { return *workers_[landing(remote)]; }
  // After everything that goes into a node.
  void pump(Worker& worker);
  void send_batches(Worker& worker);
  void send_parcels(Worker& worker);
  void check_batch(const TransmitBatch& batch);
  void take_events(Worker& worker);
  void handle(Worker& worker, const node::KeyframeWanted& event);
  void handle(Worker& worker, const node::RenditionWanted& event);
  void refuse(ConnectionId connection);
  void handle(Worker& worker, const node::ViewerConnected& event);
  void handle(Worker& worker, const node::ViewerGone& event);
  void wake(Worker& worker);
  void note(std::uint64_t value);

  Options options_;
  Scheduler scheduler_;
  test::SeededRandom random_;
  VirtualNetwork network_;
  FakeDtlsFactory dtls_;
  std::vector<std::unique_ptr<Worker>> workers_;
  SyntheticSource source_;
  std::unique_ptr<TransmitBatch> batch_;
  std::vector<FiveTuple> to_close_;
  std::map<ConnectionId, FiveTuple> streams_;

  std::map<IpAddress, std::size_t> landings_;
  std::size_t next_request_ = 0;

  std::uint32_t last_client_ip_ = 0xC633'6400;  // 198.51.100.0
  Count count_;
  std::uint64_t trace_ = 14695981039346656037ULL;
};

}  // namespace porthole::sim
