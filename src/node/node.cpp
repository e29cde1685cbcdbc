#include "node/node.hpp"

#include <algorithm>
#include <utility>

#include "node/https_redirect.hpp"
#include "node/status.hpp"

namespace porthole::node {
namespace {

turn::Config turn_config(const NodeOptions& options) {
  turn::Config config;
  config.realm = options.realm;
  config.software = "porthole";
  config.limits = options.turn_limits;
  config.commons = options.turn_commons;
  return config;
}

// Ports that mean us, so that no label may have them.
std::vector<std::uint16_t> reserved_ports(const NodeOptions& options) {
  std::vector<std::uint16_t> ports{options.port, kSyntheticPort};
  for (const SocketAddress& address : options.advertised) ports.push_back(address.port);
  return ports;
}

NodeOptions with_audience(NodeOptions options) {
  if (options.audience == nullptr) options.audience = std::make_shared<Audience>(options.max_viewers);
  return options;
}

// A share of them each, lest two allocations of one client have the same label.
turn::PortRange label_ports(const WorkerPosition& position) {
  const turn::PortRange all;
  // An even number, since some clients want a pair of ports that begins with an even one.
  const auto share = static_cast<std::uint32_t>(all.size() / position.workers) & ~1U;
  const std::uint32_t first = all.first + share * static_cast<std::uint32_t>(position.self);
  return {static_cast<std::uint16_t>(first), static_cast<std::uint16_t>(first + share - 1)};
}

}  // namespace

Node::Node(NodeOptions options, crypto::DtlsFactory& dtls, Random& random)
    : options_(with_audience(std::move(options))),
      policy_(options_),
      random_(random),
      labels_(random_, reserved_ports(options_), label_ports(options_.position)),
      front_(turn_config(options_), options_.secrets, policy_, labels_, random_, *this),
      viewers_(options_.position.self),
      neighbours_(options_.position),
      ice_streams_(viewers_, neighbours_),
      sockets_(broadcasts_, *options_.audience, options_.max_delay),
      sessions_(options_, broadcasts_, viewers_, neighbours_, dtls, front_, random_),
      whep_(sessions_, viewers_, options_.has_certificate) {}

void Node::set_wall_clock(const WallClock& wall) {
  wall_ = wall;
  front_.set_wall_clock(wall);
}

void Node::add_broadcast(const std::string& name) {
  broadcasts_.try_emplace(name, name);
  options_.audience->add_broadcast(name);
}

void Node::set_status(std::string_view broadcast, BroadcastStatus status) {
  const auto found = broadcasts_.find(broadcast);
  if (found != broadcasts_.end()) found->second.status = std::move(status);
}

void Node::push_frame(std::string_view name, std::shared_ptr<const EncodedFrame> frame, Instant now) {
  const auto found = broadcasts_.find(name);
  if (found == broadcasts_.end()) return;
  Broadcast& broadcast = found->second;
  const VideoCodec codec = frame->codec;
  // An encoder that was stopped may have been about to deliver one more frame.
  const bool is_stopped = codec != VideoCodec::h264 && !broadcast.rendition(codec).is_announced;
  if (is_stopped || !broadcast.push(*frame, now)) return;
  for (Viewer* viewer : broadcast.rendition(codec).viewers()) viewers_.wake(*viewer);
  if (codec == VideoCodec::h264) sockets_.push_frame(broadcast, std::move(frame), now);
}

void Node::handle_datagram(const Datagram& datagram, Instant now) {
  switch (wire::classify_datagram(datagram.bytes)) {
    case wire::DatagramKind::stun: {
      const auto message = stun::parse(datagram.bytes);
      if (!message) return;
      if (ice::local_ufrag(*message))
        return handle_check({datagram.path, {}, {}}, *message, datagram.bytes, now);
      return front_.handle_datagram(datagram, now);
    }
    case wire::DatagramKind::channel_data:
      return front_.handle_datagram(datagram, now);
    case wire::DatagramKind::dtls:
      if (handle_media({datagram.path, {}, {}}, wire::DatagramKind::dtls, datagram.bytes, now)) return;
      // Where no viewer is, it is TURN over DTLS.
      return front_.handle_datagram(datagram, now);
    case wire::DatagramKind::srtp:
      return handle_inner({datagram.path, {}, {}}, datagram.bytes, now);
    case wire::DatagramKind::unknown:
      return;
  }
}

void Node::handle_stream(const FiveTuple& path, Bytes bytes, Instant now) {
  if (sockets_.owns(path.connection)) return sockets_.handle_stream(path, bytes, now);
  const bool is_turn = front_.has_stream(path.connection) || !ice_streams_.accept(path, bytes, now);
  if (is_turn) return front_.handle_stream(path, bytes, now);
  while (true) {
    const auto packet = ice_streams_.next(path, bytes);
    if (!packet) return drop_route({path, {}, {}}, now);
    if (!*packet) return;
    handle_inner({path, {}, {}}, **packet, now);
  }
}

void Node::handle_stream_closed(const FiveTuple& path, Instant now) {
  if (sockets_.owns(path.connection)) return sockets_.handle_stream_closed(path.connection);
  front_.handle_stream_closed(path, now);
  ice_streams_.handle_closed(path);
  drop_route({path, {}, {}}, now);
  release_stream(path.connection);
}

void Node::handle_stream_writable(ConnectionId connection, Instant) {
  if (sockets_.owns(connection)) return sockets_.handle_stream_writable(connection);
  release_stream(connection);
}

void Node::release_stream(ConnectionId connection) {
  for (const ViewerId id : blocked_.release(connection)) {
    if (Viewer* viewer = viewers_.by_id(id)) viewers_.wake(*viewer);
  }
}

void Node::on_to_peer(const Route& route, Bytes data, Instant now) {
  handle_inner(route, data, now);
}

void Node::on_turn_event(const turn::Event& event) {
  using Kind = turn::Event::Kind;
  if (event.kind == Kind::framing_changed) viewers_.forget_outlets(event.allocation);
  if (event.kind != Kind::gone) return;
  viewers_.detach_allocation(event.allocation);
  neighbours_.drop_allocation(event.allocation);
}

// What is inside TURN or ICE-TCP is a packet like any other, but never TURN again.
void Node::handle_inner(const Route& route, Bytes packet, Instant now) {
  const wire::DatagramKind kind = wire::classify_datagram(packet);
  if (kind == wire::DatagramKind::stun) {
    const auto message = stun::parse(packet);
    if (message) handle_check(route, *message, packet, now);
  } else {
    handle_media(route, kind, packet, now);
  }
}

bool Node::handle_media(const Route& route, wire::DatagramKind kind, Bytes packet, Instant now) {
  const auto attachment = viewers_.by_route(route);
  if (!attachment) return carry_media(route, packet);
  if (attachment->viewer->ended()) return true;
  Viewer& viewer = *attachment->viewer;
  if (kind == wire::DatagramKind::dtls) {
    viewer.handle_dtls(packet, attachment->path, now);
  } else if (kind == wire::DatagramKind::srtp) {
    const bool wants_keyframe = viewer.handle_srtp(packet, attachment->path, now);
    if (wants_keyframe) viewer.broadcast().rendition(viewer.codec()).gate().request(now, viewer.urgency(now));
    // Most reports ask for nothing.
    if (!viewer.has_news()) return true;
  }
  update(viewer, now);
  return true;
}

void Node::update(Viewer& viewer, Instant now) {
  if (viewer.connected() && !viewer.is_fed && !viewer.ended()) connect(viewer, now);
  const Route* home = viewer.home_route();
  if (home != nullptr && !home->is_here() && !viewer.ended()) return move(viewer, home->worker);
  viewers_.wake(viewer);
}

void Node::connect(Viewer& viewer, Instant now) {
  viewer.is_fed = true;
  viewer.watching = options_.audience->watch(viewer.broadcast().name());
  viewer.broadcast().rendition(viewer.codec()).feed(viewer, now);
  if (const Route* route = viewer.selected_route()) {
    events_.push_back(ViewerConnected{viewer.broadcast().name(), route->path.remote, route_name(*route),
                                      now - viewer.since()});
  }
}

void Node::remove(Viewer& viewer, Instant now) {
  Broadcast& broadcast = viewer.broadcast();
  const VideoCodec codec = viewer.codec();
  broadcast.rendition(codec).leave(viewer);
  events_.push_back(ViewerGone{broadcast.name(), *viewer.ended(), viewer.stats()});
  neighbours_.note_end(viewer.names());
  const std::unique_ptr<Viewer> gone = viewers_.release(viewer);
  for (const auto& [path, route] : gone->paths()) {
    if (!route.is_here()) {
      neighbours_.send(route.worker, RouteReturned{route});
    } else if (route.is_relayed()) {
      front_.release(route.allocation, now);
    }
  }
  announce_rendition(broadcast, codec);
}

void Node::drop_route(const Route& route, Instant now) {
  neighbours_.drop(route);
  const auto attachment = viewers_.by_route(route);
  if (!attachment) return;
  viewers_.detach(*attachment->viewer, attachment->path);
  update(*attachment->viewer, now);
}

void Node::announce_rendition(Broadcast& broadcast, VideoCodec codec) {
  Rendition& rendition = broadcast.rendition(codec);
  const bool wanted = rendition.is_expected();
  if (std::exchange(rendition.is_announced, wanted) == wanted) return;
  // Frames from before a pause in the encoding would be shown to whoever comes after it.
  if (!wanted && codec != VideoCodec::h264) rendition.forget_frames();
  events_.push_back(RenditionWanted{broadcast.name(), codec, wanted});
}

std::optional<HttpResponse> Node::handle_http(const HttpRequest& request, Instant now) {
  if (options_.has_certificate) {
    if (auto redirect = redirect_to_https(request)) return redirect;
  }
  const bool is_session =
      request.path.starts_with(Whep::kPrefix) || request.path.starts_with(SocketViewers::kPrefix);
  if (!is_session) {
    const auto mint = [&] { return sessions_.mint(now); };
    return status_reply(request, broadcasts_, *options_.audience, mint, options_.has_certificate);
  }
  HttpResponse response = handle_session_http(request, now);
  for (auto& [name, broadcast] : broadcasts_) {
    for (const VideoCodec codec : kCodecs) announce_rendition(broadcast, codec);
  }
  return response;
}

HttpResponse Node::handle_session_http(const HttpRequest& request, Instant now) {
  if (request.path.starts_with(Whep::kPrefix)) return whep_.handle(request, now);
  return sockets_.handle_http(request, now);
}

void Node::handle_timeout(Instant now) {
  front_.handle_timeout(now);
  ice_streams_.handle_timeout(now);
  sockets_.handle_timeout(now);
  while (Viewer* viewer = viewers_.pop_due(now)) {
    viewer->handle_timeout(now);
    update(*viewer, now);
  }
  for (auto& [name, broadcast] : broadcasts_) {
    for (const VideoCodec codec : kCodecs) {
      if (broadcast.rendition(codec).gate().poll_request(now)) events_.push_back(KeyframeWanted{name, codec});
    }
  }
}

bool Node::poll_transmit(TransmitBatch& out, Instant now) {
  if (front_.poll_transmit(out)) return true;
  while (Viewer* viewer = viewers_.awake()) {
    const bool sends = poll_viewer(*viewer, out, now);
    if (sends && viewer->may_have_more()) return true;
    viewers_.sleep(*viewer);
    if (sends) return true;
    if (viewer->ended()) remove(*viewer, now);
  }
  return false;
}

bool Node::poll_stream(StreamWrite& out, Instant now) {
  return sockets_.poll_stream(out, now);
}

Viewer::Outlet* Node::outlet(Viewer& viewer, Instant now) {
  auto& known = viewer.outlet;
  if (known && now < known->framing.valid_until()) return &*known;
  known.reset();
  const Route* route = viewer.selected_route();
  const auto around = route != nullptr && route->is_here() ? framing(*route, now) : std::nullopt;
  if (around) known = {route->path, *around};
  return known ? &*known : nullptr;
}

bool Node::poll_viewer(Viewer& viewer, TransmitBatch& out, Instant now) {
  Viewer::Outlet* way = outlet(viewer, now);
  viewer.is_reachable = way != nullptr;
  if (!viewer.is_reachable) return false;
  const bool on_stream = way->to.is_stream();
  viewer.is_blocked = on_stream && blocked_.holds_up(way->to.connection, viewer.id());
  viewer.set_max_delay(on_stream ? options_.max_delay : rtc::kMaxQueueDelay);
  BatchBuilder builder(out, way->to, way->framing);
  return viewer.poll_transmit(builder, now, wall_) && front_.seal(out);
}

std::optional<ConnectionId> Node::poll_refused() {
  auto refused = front_.poll_refused();
  if (!refused) refused = ice_streams_.poll_refused();
  if (refused) release_stream(*refused);
  return refused;
}

std::optional<Event> Node::poll_event() {
  while (auto event = sockets_.poll_event()) {
    events_.push_back(std::move(*event));
    if (const auto* gone = std::get_if<ViewerGone>(&events_.back())) {
      announce_rendition(broadcasts_.find(gone->broadcast)->second, VideoCodec::h264);
    }
  }
  if (events_.empty()) return std::nullopt;
  Event event = std::move(events_.front());
  events_.pop_front();
  return event;
}

Instant Node::next_timeout() const {
  Instant next = std::min(
      {front_.next_timeout(), ice_streams_.next_timeout(), viewers_.next_timeout(), sockets_.next_timeout()});
  for (const auto& [name, broadcast] : broadcasts_) {
    for (const VideoCodec codec : kCodecs)
      next = std::min(next, broadcast.rendition(codec).gate().next_timeout());
  }
  return next;
}

void Node::shut_down() {
  viewers_.for_each([this](Viewer& viewer) {
    viewer.end(ViewerEnd::shut_down);
    viewers_.wake(viewer);
  });
  sockets_.shut_down();
}

}  // namespace porthole::node
