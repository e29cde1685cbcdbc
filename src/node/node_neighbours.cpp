// What a node does with the other workers of its server: see node/neighbours.hpp.
#include <algorithm>
#include <array>
#include <utility>

#include "node/node.hpp"

namespace porthole::node {

std::optional<WorkerId> Node::worker_for(const HttpRequest& request, bool was_passed_on) const {
  const std::string_view path = request.path;
  if (!path.starts_with(Whep::kPrefix)) return std::nullopt;
  const std::string_view rest = path.substr(Whep::kPrefix.size());
  const std::size_t slash = rest.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const std::string_view session = rest.substr(slash + 1);
  return viewers_.by_session(session) ? std::nullopt : neighbours_.whereabouts(session, was_passed_on);
}

void Node::handle_parcel(Parcel parcel, Instant now) {
  std::visit([&](auto& content) { take(content, parcel.from, now); }, parcel.content);
}

// It is expected until it has arrived, lest the encoder that it watches stops and starts again.
void Node::move(Viewer& viewer, WorkerId to) {
  viewer.broadcast().rendition(viewer.codec()).stop_feeding(viewer);
  neighbours_.note_departure(viewer.names(), to);
  std::unique_ptr<Viewer> leaving = viewers_.release(viewer);
  for (const auto& [path, route] : leaving->paths()) {
    if (route.is_here()) {
      neighbours_.lend(route, to);
    } else if (route.worker != to) {
      // Before the viewer is on its way, so that its new home finds the route free.
      neighbours_.send(route.worker, RouteReturned{route});
    }
  }
  leaving->rename_routes([this](const Route& route) { return neighbours_.abroad(route); });
  neighbours_.send(to, ViewerMoves{std::move(leaving)});
}

void Node::take(ViewerMoves& moves, WorkerId from, Instant now) {
  const auto found = broadcasts_.find(moves.viewer->broadcast().name());
  if (found == broadcasts_.end()) return;
  Broadcast& broadcast = found->second;
  moves.viewer->move_to(broadcast);
  moves.viewer->rename_routes([this](const Route& route) { return neighbours_.here(route); });
  Viewer& viewer = viewers_.adopt(std::move(moves.viewer));
  for (const auto& [path, route] : viewer.paths()) {
    if (route.is_here()) {
      neighbours_.take_back(route, from);
    } else if (route.worker != from) {
      neighbours_.send(route.worker, AnswerByYou{route, {}, true});
    }
  }
  neighbours_.note_arrival(viewer.names(), from);
  Rendition& rendition = broadcast.rendition(viewer.codec());
  rendition.expect();
  if (viewer.is_fed) rendition.resume(viewer, now);
  announce_rendition(broadcast, viewer.codec());
  neighbours_.send(from, ViewerArrived{broadcast.name(), viewer.codec()});
  viewers_.wake(viewer);
}

void Node::take(ViewerArrived& arrived, WorkerId, Instant) {
  const auto found = broadcasts_.find(arrived.broadcast);
  if (found == broadcasts_.end()) return;
  found->second.rendition(arrived.codec).forgo();
  announce_rendition(found->second, arrived.codec);
}

void Node::carry_check(std::string_view ufrag, const Route& route, Bytes packet, bool was_passed_on) {
  const auto to = neighbours_.whereabouts(ufrag, was_passed_on);
  if (!to) return;
  const auto mapped = mapped_address(route);
  if (!mapped) return;
  neighbours_.carry(*to, {neighbours_.abroad(route), *mapped, {packet.begin(), packet.end()}});
}

bool Node::carry_media(const Route& route, Bytes packet) {
  const auto tenant = neighbours_.tenant(route);
  if (!tenant) return false;
  neighbours_.carry(*tenant, {neighbours_.abroad(route), {}, {packet.begin(), packet.end()}});
  return true;
}

void Node::take(PacketForYou& packet, WorkerId, Instant now) {
  const wire::DatagramKind kind = wire::classify_datagram(packet.packet);
  if (kind == wire::DatagramKind::stun) return handle_foreign_check(packet, now);
  handle_media(packet.route, kind, packet.packet, now);
}

void Node::handle_foreign_check(const PacketForYou& packet, Instant now) {
  const auto check = stun::parse(packet.packet);
  const auto ufrag = check ? ice::local_ufrag(*check) : std::nullopt;
  if (!ufrag) return;
  Viewer* viewer = viewers_.by_ufrag(*ufrag);
  if (viewer == nullptr) {
    if (const auto to = neighbours_.whereabouts(*ufrag, true)) neighbours_.carry(*to, packet);
    return;
  }
  if (viewer->ended()) return;
  std::array<std::uint8_t, ice::kMaxReply> out;
  const auto proof = prove(*viewer, packet.route, *check, packet.mapped, out, now);
  if (!proof) return;
  const Bytes reply = proof->check.reply;
  neighbours_.send(packet.route.worker,
                   AnswerByYou{packet.route, {reply.begin(), reply.end()}, proof->check.authenticated});
  take_proof(*viewer, packet.route, *proof, now);
}

void Node::take(AnswerByYou& answer, WorkerId from, Instant now) {
  const Route route = neighbours_.here(answer.route);
  if (answer.claims_route && !claim_route(route, from, now)) {
    return neighbours_.send(from, RouteGone{answer.route});
  }
  const std::vector<std::uint8_t>& packet = answer.packet;
  auto around = framing(route, now);
  const MutableBytes slot = front_.outbox().slot();
  if (packet.empty() || !around || slot.size() < around->total_size(packet.size())) return;
  std::ranges::copy(packet, slot.subspan(around->prefix_size()).begin());
  front_.outbox().commit(route.path, around->frame(slot, packet.size()));
}

// As one viewer does not give its route to another of the same worker.
bool Node::claim_route(const Route& route, WorkerId tenant, Instant now) {
  if (neighbours_.tenant(route) == tenant) return true;
  if (is_held_by_another(nullptr, route, now)) return false;
  if (const auto owner = viewers_.by_route(route)) viewers_.detach(*owner->viewer, owner->path);
  neighbours_.lend(route, tenant);
  return true;
}

void Node::take(RouteReturned& returned, WorkerId from, Instant) {
  neighbours_.take_back(neighbours_.here(returned.route), from);
}

void Node::take(RouteGone& gone, WorkerId, Instant now) {
  drop_route(gone.route, now);
}

void Node::take(NamesMoved& moved, WorkerId from, Instant) {
  neighbours_.note_names(moved, from);
}

void Node::take(UserMinted& minted, WorkerId, Instant) {
  front_.remember_user(minted.username);
}

}  // namespace porthole::node
