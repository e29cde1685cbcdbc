// The one port without its sockets: everything that arrives goes in, everything to be sent comes out.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "base/http.hpp"
#include "base/packet.hpp"
#include "base/random.hpp"
#include "node/blocked_streams.hpp"
#include "node/events.hpp"
#include "node/ice_streams.hpp"
#include "node/labels.hpp"
#include "node/neighbours.hpp"
#include "node/port_machine.hpp"
#include "node/sessions.hpp"
#include "node/socket_viewers.hpp"
#include "node/turn_front.hpp"
#include "node/viewers.hpp"
#include "node/whep.hpp"
#include "turn/relay_labels.hpp"
#include "wire/first_bytes.hpp"

namespace porthole::node {

// poll_event() is to be drained along with what a PortMachine has.
class Node final : public PortMachine, private TurnOwner {
 public:
  // `dtls` and `random` are borrowed and outlive the node.
  Node(NodeOptions options, crypto::DtlsFactory& dtls, Random& random);
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  // From now on TURN clients may speak DTLS. Borrows `server`.
  void serve_turn_over_dtls(crypto::DtlsServer& server, DtlsQuota quota = usual_dtls_quota()) {
    front_.serve_dtls(server, std::move(quota));
  }

  // From now on broadcasts can be watched by WebSocket. Borrows `fragmenters`.
  void serve_websocket(FragmenterFactory& fragmenters) { sockets_.serve(fragmenters); }

  // Broadcasts exist from the start to the end of the node.
  void add_broadcast(const std::string& name);
  bool has_broadcast(std::string_view name) const { return broadcasts_.find(name) != broadcasts_.end(); }
  void set_status(std::string_view broadcast, BroadcastStatus status);
  void push_frame(std::string_view broadcast, std::shared_ptr<const EncodedFrame> frame, Instant now);

  void set_wall_clock(const WallClock& wall) override;

  void handle_datagram(const Datagram& datagram, Instant now) override;
  void handle_stream(const FiveTuple& path, Bytes bytes, Instant now) override;
  void handle_stream_closed(const FiveTuple& path, Instant now) override;
  void handle_stream_blocked(ConnectionId connection) override { blocked_.block(connection); }
  void handle_stream_writable(ConnectionId connection, Instant now) override;
  // The node's are /whep/…, /websocket/…, /api/v1/…, /ice and /healthz.
  std::optional<HttpResponse> handle_http(const HttpRequest& request, Instant now) override;
  // Who has to answer the request, where that is another worker. `was_passed_on`: another one thought that it
  // was this node.
  std::optional<WorkerId> worker_for(const HttpRequest& request, bool was_passed_on) const;
  void handle_timeout(Instant now) override;

  bool poll_transmit(TransmitBatch& out, Instant now) override;
  bool poll_stream(StreamWrite& out, Instant now) override;
  std::optional<ConnectionId> poll_refused() override;
  std::optional<Event> poll_event();
  // For another worker of the same server, to be handed to its handle_parcel() in this order.
  std::optional<Parcel> poll_parcel() { return neighbours_.poll(); }
  void handle_parcel(Parcel parcel, Instant now);
  Instant next_timeout() const override;

  // Every viewer is told goodbye by the next calls of poll_transmit() and poll_stream().
  void shut_down();

  std::size_t viewer_count() const { return viewers_.size() + sockets_.size(); }
  std::size_t allocation_count() const { return front_.server().allocation_count(); }
  // Routes and names of viewers that live with other workers.
  std::size_t kept_for_neighbours() const { return neighbours_.size(); }

 private:
  void on_to_peer(const Route& route, Bytes data, Instant now) override;
  void on_turn_event(const turn::Event& event) override;

  void handle_inner(const Route& route, Bytes packet, Instant now);

  // ICE: node_checks.cpp.
  void handle_check(const Route& route, const stun::Message& check, Bytes packet, Instant now);
  struct Proof {
    ice::PathId path{};
    ice::CheckOutcome check;
  };
  // nullopt when the route is not to be had.
  std::optional<Proof> prove(Viewer& viewer, const Route& route, const stun::Message& check,
                             const SocketAddress& mapped, MutableBytes out, Instant now);
  // The viewer may be with another worker afterwards.
  void take_proof(Viewer& viewer, const Route& route, const Proof& proof, Instant now);
  std::optional<SocketAddress> mapped_address(const Route& route) const;
  // nullopt when the viewer's TURN client does not let us through (any more).
  std::optional<RouteFraming> framing(const Route& route, Instant now);
  bool is_held_by_another(const Viewer* viewer, const Route& route, Instant now) const;
  // False when the route is no viewer's.
  bool handle_media(const Route& route, wire::DatagramKind kind, Bytes packet, Instant now);
  // A viewer's state may have moved: feed it once it is connected, see to its timer, let it send, or let it
  // go to the worker where its packets arrive.
  void update(Viewer& viewer, Instant now);
  void connect(Viewer& viewer, Instant now);
  void remove(Viewer& viewer, Instant now);
  // Its connection is gone; the viewer's next best path takes its place.
  void drop_route(const Route& route, Instant now);
  void announce_rendition(Broadcast& broadcast, VideoCodec codec);
  void release_stream(ConnectionId connection);
  HttpResponse handle_session_http(const HttpRequest& request, Instant now);

  // With other workers: node_neighbours.cpp.
  void move(Viewer& viewer, WorkerId to);
  void carry_check(std::string_view ufrag, const Route& route, Bytes packet, bool was_passed_on);
  bool carry_media(const Route& route, Bytes packet);
  void handle_foreign_check(const PacketForYou& packet, Instant now);
  bool claim_route(const Route& route, WorkerId tenant, Instant now);
  void take(PacketForYou& packet, WorkerId from, Instant now);
  void take(AnswerByYou& answer, WorkerId from, Instant now);
  void take(RouteReturned& returned, WorkerId from, Instant now);
  void take(RouteGone& gone, WorkerId from, Instant now);
  void take(ViewerMoves& moves, WorkerId from, Instant now);
  void take(ViewerArrived& arrived, WorkerId from, Instant now);
  void take(NamesMoved& moved, WorkerId from, Instant now);
  void take(UserMinted& minted, WorkerId from, Instant now);

  // nullptr where there is no way to it.
  Viewer::Outlet* outlet(Viewer& viewer, Instant now);
  bool poll_viewer(Viewer& viewer, TransmitBatch& out, Instant now);

  // Constant after construction.
  const NodeOptions options_;
  const LabelPolicy policy_;

  Random& random_;  // Borrowed.

  WallClock wall_;
  turn::RelayLabels labels_;
  TurnFront front_;
  Broadcasts broadcasts_;
  Viewers viewers_;
  Neighbours neighbours_;
  IceStreams ice_streams_;
  BlockedStreams blocked_;
  SocketViewers sockets_;
  Sessions sessions_;
  Whep whep_;
  std::deque<Event> events_;  // A few for each call, until the owner drains them.
};

}  // namespace porthole::node
