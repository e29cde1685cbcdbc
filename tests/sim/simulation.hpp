// The whole core on a virtual network: drives the node with its five verbs, feeds it a source, and holds it,
// at every step, to what must always be true.
#pragma once

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
  void shut_down() {
    node_.shut_down();
    pump();
  }

  void run_for(Duration duration) { scheduler_.run_until(scheduler_.now() + duration); }

  // A client's IP address that nobody has had before.
  IpAddress new_client_ip();

  Scheduler& scheduler() { return scheduler_; }
  VirtualNetwork& network() { return network_; }
  node::Node& node() { return node_; }
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
  };
  const Count& count() const { return count_; }
  std::vector<node::RenditionWanted> renditions_wanted;
  std::vector<node::ViewerConnected> viewers_connected;

  // Of everything that the node sent and said, and when: equal runs have equal ones.
  std::uint64_t trace() const { return trace_; }

  // The node holds nothing for anybody.
  void expect_nothing_left();

 private:
  // After everything that goes into the node.
  void pump();
  void send_batches();
  void check_batch(const TransmitBatch& batch);
  void take_events();
  void handle(const node::KeyframeWanted& event);
  void handle(const node::RenditionWanted& event);
  void refuse(ConnectionId connection);
  void handle(const node::ViewerConnected& event);
  void handle(const node::ViewerGone& event);
  void wake();
  void note(std::uint64_t value);

  Options options_;
  Scheduler scheduler_;
  test::SeededRandom random_;
  VirtualNetwork network_;
  FakeDtlsFactory dtls_;
  node::Node node_;
  SyntheticSource source_;
  Alarm wake_;
  std::unique_ptr<TransmitBatch> batch_;
  std::vector<FiveTuple> to_close_;
  std::map<ConnectionId, FiveTuple> streams_;

  // No busy loop: how often the node asked to be woken within the second that began then.
  Instant second_began_{};
  std::size_t wakes_ = 0;

  std::uint32_t last_client_ip_ = 0xC633'6400;  // 198.51.100.0
  Count count_;
  std::uint64_t trace_ = 14695981039346656037ULL;
};

}  // namespace porthole::sim
