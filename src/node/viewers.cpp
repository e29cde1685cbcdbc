#include "node/viewers.hpp"

#include <utility>

namespace porthole::node {

Viewer& Viewers::add(Viewer::Setup setup, Random& random, Instant now) {
  auto owned = std::make_unique<Viewer>(std::move(setup), random, now);
  Viewer& viewer = *owned;
  by_id_.emplace(viewer.id(), std::move(owned));
  by_session_[viewer.session()] = &viewer;
  update_ufrags(viewer);
  reschedule(viewer);
  return viewer;
}

std::vector<Route> Viewers::remove(Viewer& viewer) {
  std::vector<Route> routes;
  while (!viewer.paths().empty()) {
    routes.push_back(viewer.paths().back().route);
    detach(viewer, viewer.paths().back().id);
  }
  std::erase(awake_, &viewer);
  timers_.cancel(viewer.id());
  by_session_.erase(viewer.session());
  for (const std::string& ufrag : viewer.ufrags) by_ufrag_.erase(ufrag);
  by_id_.erase(viewer.id());
  return routes;
}

Viewer* Viewers::by_id(ViewerId id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : found->second.get();
}

Viewer* Viewers::by_session(std::string_view session) const {
  return find(by_session_, session);
}

Viewer* Viewers::by_ufrag(std::string_view ufrag) const {
  return find(by_ufrag_, ufrag);
}

Viewer* Viewers::find(const ByText& map, std::string_view key) {
  const auto found = map.find(key);
  return found == map.end() ? nullptr : found->second;
}

std::optional<Viewers::Attachment> Viewers::by_route(const Route& route) const {
  const auto found = by_route_.find(route);
  return found == by_route_.end() ? std::nullopt : std::optional(found->second);
}

void Viewers::update_ufrags(Viewer& viewer) {
  for (const std::string& ufrag : viewer.ufrags) by_ufrag_.erase(ufrag);
  viewer.ufrags = {viewer.local_ufrag()};
  if (!viewer.previous_ufrag().empty()) viewer.ufrags.emplace_back(viewer.previous_ufrag());
  for (const std::string& ufrag : viewer.ufrags) by_ufrag_[ufrag] = &viewer;
}

void Viewers::attach(Viewer& viewer, ice::PathId path, const Route& route) {
  const auto previous = by_route(route);
  if (previous && previous->viewer == &viewer && previous->path == path) return;
  if (previous) detach(*previous->viewer, previous->path);
  by_route_[route] = {&viewer, path};
  if (route.is_relayed()) by_allocation_.emplace(route.allocation, route);
  viewer.add_path(path, route);
}

void Viewers::detach(Viewer& viewer, ice::PathId path) {
  const auto route = viewer.remove_path(path);
  if (!route) return;
  by_route_.erase(*route);
  const auto [begin, end] = by_allocation_.equal_range(route->allocation);
  for (auto entry = begin; entry != end; ++entry) {
    if (entry->second == *route) {
      by_allocation_.erase(entry);
      return;
    }
  }
}

void Viewers::detach_allocation(turn::AllocationId allocation) {
  for (auto entry = by_allocation_.find(allocation); entry != by_allocation_.end();
       entry = by_allocation_.find(allocation)) {
    const auto attachment = by_route(entry->second);
    if (!attachment) return;
    detach(*attachment->viewer, attachment->path);
  }
}

void Viewers::wake(Viewer& viewer) {
  if (std::exchange(viewer.is_queued, true)) return;
  awake_.push_back(&viewer);
}

void Viewers::sleep(Viewer& viewer) {
  awake_.pop_front();
  viewer.is_queued = false;
  reschedule(viewer);
}

Viewer* Viewers::pop_due(Instant now) {
  while (const auto id = timers_.pop_due(now)) {
    if (Viewer* viewer = by_id(*id)) return viewer;
  }
  return nullptr;
}

void Viewers::for_each(const std::function<void(Viewer&)>& visit) {
  for (auto& [id, viewer] : by_id_) visit(*viewer);
}

}  // namespace porthole::node
