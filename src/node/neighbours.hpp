// The other workers of the server, as one of them sees them: who has what was ours, and what is to be told to
// whom.
//
// A viewer lives with the worker where the packets of its selected path arrive. It is born where its offer
// came, which need not be the same; then it moves. What arrives elsewhere is carried to it: a check by the
// name in it, since a name begins with the worker that gave it, and all else by its route, which the worker
// that it arrives at has lent to the viewer's.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "node/parcel.hpp"

namespace porthole::node {

// Packets on their way to others; beyond that they are lost, as on the network. Everything else is bounded by
// what it tells of.
constexpr std::size_t kMaxCarriedPackets = 1024;

class Neighbours {
 public:
  explicit Neighbours(const WorkerPosition& position) : self_(position.self), workers_(position.workers) {}

  // A route of ours as others know it, and a route that they told of as it is known here.
  Route abroad(Route route) const {
    if (route.is_here()) route.worker = self_;
    return route;
  }
  Route here(Route route) const {
    if (route.worker == self_) route.worker = WorkerId::here;
    return route;
  }

  // A name for a viewer or its session that tells where it was given; `token` has letters, digits and more.
  std::string name(const std::string& token) const;
  // Whom to ask for what is called so and is not here; nullopt: nobody. Who was asked by another worker asks
  // no further than where he knows it to be.
  std::optional<WorkerId> whereabouts(std::string_view name, bool was_passed_on) const;

  // A viewer with these names leaves for another worker, comes from one, is gone from here for good.
  void note_departure(const std::vector<std::string>& names, WorkerId to);
  void note_arrival(const std::vector<std::string>& names, WorkerId from);
  void note_end(const std::vector<std::string>& names);
  void note_names(const NamesMoved& moved, WorkerId home);

  // Whose viewer has the route, which is one of ours; nullopt when nobody else has it.
  std::optional<WorkerId> tenant(const Route& route) const;
  void lend(const Route& route, WorkerId tenant) { lent_[route] = tenant; }
  // It is ours again. False when it was not that worker's.
  bool take_back(const Route& route, WorkerId tenant);
  // It is no more: its tenant is told.
  void drop(const Route& route);
  void drop_allocation(turn::AllocationId allocation);

  void send(WorkerId to, decltype(Parcel::content) content);
  void send_to_all(const UserMinted& user);
  // For a viewer that lives elsewhere; lost when too many are on their way.
  void carry(WorkerId to, PacketForYou packet);
  std::optional<Parcel> poll();

  // What is kept for viewers that live elsewhere.
  std::size_t size() const { return lent_.size() + moved_.size(); }

 private:
  std::optional<WorkerId> origin(std::string_view name) const;

  // Constant after construction.
  const WorkerId self_;
  const std::size_t workers_;

  std::unordered_map<Route, WorkerId, RouteHash> lent_;
  std::unordered_map<std::string, WorkerId> moved_;  // Names that were given here.
  std::deque<Parcel> outgoing_;
  std::size_t carried_ = 0;
};

}  // namespace porthole::node
