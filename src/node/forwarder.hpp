// The one port of forward mode, without its sockets: TURN clients on one side, an application's own sockets
// on the other.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "node/peer_policy.hpp"
#include "node/port_machine.hpp"
#include "node/turn_front.hpp"

namespace porthole::node {

struct ForwardOptions {
  PeerRules rules;
  std::string realm = "porthole";
  // At least one. The first signs, all verify.
  std::vector<std::string> secrets;
  turn::Limits limits;
  turn::Commons commons;  // Of all workers of the forwarder.
};

class Forwarder final : public PortMachine, private TurnOwner {
 public:
  // Both are borrowed and outlive the forwarder. `addresses` has a socket behind each address that it gives.
  Forwarder(const ForwardOptions& options, turn::RelayAddresses& addresses, Random& random);
  Forwarder(const Forwarder&) = delete;
  Forwarder& operator=(const Forwarder&) = delete;

  void set_wall_clock(const WallClock& wall) override { front_.set_wall_clock(wall); }

  void handle_datagram(const Datagram& datagram, Instant now) override;
  // What came to relayed addresses, each datagram's `path.local`, from anybody.
  void handle_peer_datagrams(std::span<const Datagram> datagrams, Instant now);
  void handle_stream(const FiveTuple& path, Bytes bytes, Instant now) override;
  void handle_stream_closed(const FiveTuple& path, Instant now) override;
  // What a peer sends does not wait here: it is lost where the connection's queue is full.
  void handle_stream_blocked(ConnectionId) override {}
  void handle_stream_writable(ConnectionId, Instant) override {}
  // The forwarder's are /healthz and /ice.
  std::optional<HttpResponse> handle_http(const HttpRequest& request, Instant now) override;
  void handle_timeout(Instant now) override { front_.handle_timeout(now); }

  bool poll_transmit(TransmitBatch& out, Instant now) override;
  std::optional<ConnectionId> poll_refused() override { return front_.poll_refused(); }
  Instant next_timeout() const override { return front_.next_timeout(); }

  // Before anything is handled: TURN over DTLS, too. `server` is borrowed.
  void serve_dtls(crypto::DtlsServer& server, DtlsQuota quota = usual_dtls_quota()) {
    front_.serve_dtls(server, std::move(quota));
  }

  std::size_t allocation_count() const { return front_.server().allocation_count(); }

 private:
  struct KnownPeer {
    SocketAddress address;
    turn::PeerFraming framing;
  };

  void on_to_peer(const Route& route, Bytes data, Instant now) override;
  void on_turn_event(const turn::Event& event) override;
  void deliver(std::span<const Datagram> datagrams, Instant now);
  turn::PeerFraming* framing(turn::AllocationId allocation, const SocketAddress& peer, Instant now);

  PeerPolicy policy_;
  TurnFront front_;
  // How each allocation's peers are heard, until that changes: not to be found out for each packet.
  std::unordered_map<turn::AllocationId, std::vector<KnownPeer>> known_;
};

}  // namespace porthole::node
