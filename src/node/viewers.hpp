// All viewers, and the ways to find one: by session, by ICE user name, by the route of a packet.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/timer_queue.hpp"
#include "node/route.hpp"
#include "node/viewer.hpp"

namespace porthole::node {

class Viewers {
 public:
  // A packet's viewer, and which of its paths it came on.
  struct Attachment {
    Viewer* viewer;
    ice::PathId path;
  };

  // The numbers that it gives are those of no other worker's viewers.
  explicit Viewers(WorkerId self)
      : last_id_(std::uint64_t{static_cast<std::uint8_t>(self)} << 56),
        last_path_(std::uint32_t{static_cast<std::uint8_t>(self)} << 26) {}

  Viewer& add(Viewer::Setup setup, Random& random, Instant now);
  // One that release() gave, of another worker's. It may have come with routes.
  Viewer& adopt(std::unique_ptr<Viewer> viewer);
  // With its names and routes, none of which leads to it any more.
  std::unique_ptr<Viewer> release(Viewer& viewer);

  // nullptr or nullopt where there is none.
  Viewer* by_id(ViewerId id) const;
  Viewer* by_session(std::string_view session) const;
  Viewer* by_ufrag(std::string_view ufrag) const;
  std::optional<Attachment> by_route(const Route& route) const;

  // The names that its checks may bear changed: after an ICE restart there are two for a while. Returns those
  // that are no longer used.
  std::vector<std::string> update_ufrags(Viewer& viewer);

  // The path that a check proved. A route belongs to one viewer: it is taken from whoever had it.
  void attach(Viewer& viewer, ice::PathId path, const Route& route);
  // Returns the route that is free now, if there was one.
  std::optional<Route> detach(Viewer& viewer, ice::PathId path);
  // The allocation is gone, and every path through it.
  void detach_allocation(turn::AllocationId allocation);
  // What its client lets through, and how, has changed.
  void forget_outlets(turn::AllocationId allocation);
  ice::PathId next_path() { return ice::PathId{++last_path_}; }
  ViewerId next_id() { return ViewerId{++last_id_}; }

  // The viewer has something to send, or to be ended.
  void wake(Viewer& viewer);
  // The next such viewer, nullptr when there is none. It stays in front until sleep().
  Viewer* awake() const { return awake_.empty() ? nullptr : awake_.front(); }
  // Takes it from the front; it comes back at its own next timeout.
  void sleep(Viewer& viewer);

  // Sees to it that its timer comes up at Viewer::next_timeout(), or before: a timer that is early costs less
  // than one that is moved with every frame.
  void reschedule(Viewer& viewer);
  Viewer* pop_due(Instant now);
  Instant next_timeout() const { return timers_.next(); }

  std::size_t size() const { return by_id_.size(); }
  void for_each(const std::function<void(Viewer&)>& visit);

 private:
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  using ByText = std::unordered_map<std::string, Viewer*, TextHash, std::equal_to<>>;

  static Viewer* find(const ByText& map, std::string_view key);
  void enter_route(const Route& route, const Attachment& attachment);
  void erase_route(const Route& route);

  std::unordered_map<ViewerId, std::unique_ptr<Viewer>> by_id_;  // Owned.
  ByText by_session_;
  ByText by_ufrag_;
  std::unordered_map<Route, Attachment, RouteHash> by_route_;
  std::unordered_multimap<turn::AllocationId, Route> by_allocation_;
  std::deque<Viewer*> awake_;
  mutable TimerQueue<ViewerId> timers_;
  std::uint64_t last_id_;
  std::uint32_t last_path_;
};

}  // namespace porthole::node
