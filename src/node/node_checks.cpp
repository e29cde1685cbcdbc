// What a node does with ICE checks: the only packets by which a viewer and a route get to know each other.
#include <algorithm>
#include <utility>

#include "node/node.hpp"

namespace porthole::node {
namespace {

// Browsers check the pair that they use every 2.5 s or more often, and RTCP comes each second.
constexpr Duration kRouteIsHeld = 10s;

}  // namespace

void Node::handle_check(const Route& route, const stun::Message& check, Bytes packet, Instant now) {
  const auto ufrag = ice::local_ufrag(check);
  if (!ufrag) return;
  Viewer* viewer = viewers_.by_ufrag(*ufrag);
  if (viewer == nullptr) return carry_check(*ufrag, route, packet, false);
  const MutableBytes slot = front_.outbox().slot();
  if (viewer->ended() || slot.empty()) return;
  auto around = framing(route, now);
  const auto mapped = mapped_address(route);
  if (!around || !mapped) return;

  const auto proof = prove(*viewer, route, check, *mapped, slot.subspan(around->prefix_size()), now);
  if (!proof) return;
  const Bytes reply = proof->check.reply;
  if (!reply.empty()) front_.outbox().commit(route.path, around->frame(slot, reply.size()));
  take_proof(*viewer, route, *proof, now);
}

std::optional<Node::Proof> Node::prove(Viewer& viewer, const Route& route, const stun::Message& check,
                                       const SocketAddress& mapped, MutableBytes out, Instant now) {
  const auto known = viewer.path_of(route);
  if (!known && is_held_by_another(&viewer, route, now)) return std::nullopt;
  const ice::PathId path = known ? *known : viewers_.next_path();
  return Proof{path, viewer.handle_check(check, path, mapped, out, now)};
}

void Node::take_proof(Viewer& viewer, const Route& route, const Proof& proof, Instant now) {
  if (!proof.check.authenticated) return;
  if (proof.check.dropped) {
    const auto dropped = viewers_.detach(viewer, *proof.check.dropped);
    if (dropped && !dropped->is_here()) neighbours_.send(dropped->worker, RouteReturned{*dropped});
  }
  viewers_.attach(viewer, proof.path, route);
  update(viewer, now);
}

// Chromium takes a relayed pair for a new one, of higher priority, unless it reads its own label here.
std::optional<SocketAddress> Node::mapped_address(const Route& route) const {
  if (!route.is_relayed()) return route.path.remote;
  return front_.server().relayed_address(route.allocation, route.peer.ip.family());
}

std::optional<RouteFraming> Node::framing(const Route& route, Instant now) {
  if (!route.is_relayed()) return RouteFraming(route.path);
  const auto relayed = front_.server().framing(route.allocation, route.peer, now);
  return relayed ? std::optional(RouteFraming(*relayed)) : std::nullopt;
}

// A check proves who sent it, not that its source address is true: a viewer's route is not given away while
// that viewer itself is heard on it.
bool Node::is_held_by_another(const Viewer* viewer, const Route& route, Instant now) const {
  if (neighbours_.tenant(route)) return true;
  const auto owner = viewers_.by_route(route);
  return owner && owner->viewer != viewer && !owner->viewer->ended() &&
         owner->viewer->heard_within(owner->path, kRouteIsHeld, now);
}

}  // namespace porthole::node
