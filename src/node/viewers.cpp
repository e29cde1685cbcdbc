#include "node/viewers.hpp"

#include <utility>

namespace porthole::node {

Viewer& Viewers::add(Viewer::Setup setup, Random& random, Instant now) {
  auto viewer = std::make_unique<Viewer>(std::move(setup), random, now);
  viewer->ufrags = {viewer->local_ufrag()};
  return adopt(std::move(viewer));
}

Viewer& Viewers::adopt(std::unique_ptr<Viewer> owned) {
  Viewer& viewer = *owned;
  by_id_.emplace(viewer.id(), std::move(owned));
  by_session_[viewer.session()] = &viewer;
  for (const std::string& ufrag : viewer.ufrags) by_ufrag_[ufrag] = &viewer;
  for (const Viewer::Path& path : viewer.paths()) enter_route(path.route, {&viewer, path.id});
  reschedule(viewer);
  return viewer;
}

std::unique_ptr<Viewer> Viewers::release(Viewer& viewer) {
  for (const Viewer::Path& path : viewer.paths()) erase_route(path.route);
  if (std::exchange(viewer.is_queued, false)) std::erase(awake_, &viewer);
  timers_.cancel(viewer.id());
  viewer.timer_at = Instant::max();
  viewer.outlet.reset();
  by_session_.erase(viewer.session());
  for (const std::string& ufrag : viewer.ufrags) by_ufrag_.erase(ufrag);
  auto owned = by_id_.extract(viewer.id());
  return std::move(owned.mapped());
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

std::vector<std::string> Viewers::update_ufrags(Viewer& viewer) {
  for (const std::string& ufrag : viewer.ufrags) by_ufrag_.erase(ufrag);
  std::vector<std::string> dropped = std::exchange(viewer.ufrags, {viewer.local_ufrag()});
  if (!viewer.previous_ufrag().empty()) viewer.ufrags.emplace_back(viewer.previous_ufrag());
  for (const std::string& ufrag : viewer.ufrags) {
    by_ufrag_[ufrag] = &viewer;
    std::erase(dropped, ufrag);
  }
  return dropped;
}

void Viewers::attach(Viewer& viewer, ice::PathId path, const Route& route) {
  const auto previous = by_route(route);
  if (previous && previous->viewer == &viewer && previous->path == path) return;
  if (previous) detach(*previous->viewer, previous->path);
  enter_route(route, {&viewer, path});
  viewer.add_path(path, route);
}

std::optional<Route> Viewers::detach(Viewer& viewer, ice::PathId path) {
  auto route = viewer.remove_path(path);
  if (route) erase_route(*route);
  return route;
}

void Viewers::enter_route(const Route& route, const Attachment& attachment) {
  by_route_[route] = attachment;
  if (route.is_relayed() && route.is_here()) by_allocation_.emplace(route.allocation, route);
}

void Viewers::erase_route(const Route& route) {
  by_route_.erase(route);
  if (!route.is_here()) return;
  const auto [begin, end] = by_allocation_.equal_range(route.allocation);
  for (auto entry = begin; entry != end; ++entry) {
    if (entry->second == route) {
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

void Viewers::forget_outlets(turn::AllocationId allocation) {
  const auto [begin, end] = by_allocation_.equal_range(allocation);
  for (auto entry = begin; entry != end; ++entry) {
    if (const auto attachment = by_route(entry->second)) attachment->viewer->outlet.reset();
  }
}

void Viewers::reschedule(Viewer& viewer) {
  const Instant next = viewer.next_timeout();
  if (next >= viewer.timer_at) return;
  viewer.timer_at = next;
  timers_.schedule(viewer.id(), next);
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
    Viewer* viewer = by_id(*id);
    if (viewer == nullptr) continue;
    viewer->timer_at = Instant::max();
    return viewer;
  }
  return nullptr;
}

void Viewers::for_each(const std::function<void(Viewer&)>& visit) {
  for (auto& [id, viewer] : by_id_) visit(*viewer);
}

}  // namespace porthole::node
