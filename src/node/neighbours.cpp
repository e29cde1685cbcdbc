#include "node/neighbours.hpp"

#include <utility>

namespace porthole::node {
namespace {

// What may be in a ufrag (RFC 8839 section 5.4) and in a URL alike.
constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
static_assert(kAlphabet.size() == kMaxWorkers);

}  // namespace

std::string Neighbours::name(const std::string& token) const {
  return kAlphabet[static_cast<std::size_t>(self_)] + token;
}

std::optional<WorkerId> Neighbours::origin(std::string_view name) const {
  const std::size_t index = name.empty() ? std::string_view::npos : kAlphabet.find(name.front());
  if (index == std::string_view::npos || index >= workers_) return std::nullopt;
  return WorkerId{static_cast<std::uint8_t>(index)};
}

std::optional<WorkerId> Neighbours::whereabouts(std::string_view name, bool was_passed_on) const {
  const auto of = origin(name);
  if (!of) return std::nullopt;
  if (*of != self_) return was_passed_on ? std::nullopt : of;
  const auto moved = moved_.find(std::string(name));
  return moved == moved_.end() ? std::nullopt : std::optional(moved->second);
}

void Neighbours::note_departure(const std::vector<std::string>& names, WorkerId to) {
  for (const std::string& name : names) {
    if (origin(name) == self_) moved_[name] = to;
  }
}

void Neighbours::note_arrival(const std::vector<std::string>& names, WorkerId from) {
  for (const std::string& name : names) {
    const auto of = origin(name);
    if (of == self_) moved_.erase(name);
    // Who sent the viewer here knows it.
    if (of && of != self_ && of != from) send(*of, NamesMoved{{name}, true});
  }
}

void Neighbours::note_end(const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    const auto of = origin(name);
    if (of && of != self_) send(*of, NamesMoved{{name}, false});
  }
}

void Neighbours::note_names(const NamesMoved& moved, WorkerId home) {
  for (const std::string& name : moved.names) {
    if (moved.are_in_use) {
      moved_[name] = home;
    } else {
      moved_.erase(name);
    }
  }
}

std::optional<WorkerId> Neighbours::tenant(const Route& route) const {
  const auto found = lent_.find(route);
  return found == lent_.end() ? std::nullopt : std::optional(found->second);
}

bool Neighbours::take_back(const Route& route, WorkerId tenant) {
  const auto found = lent_.find(route);
  if (found == lent_.end() || found->second != tenant) return false;
  lent_.erase(found);
  return true;
}

void Neighbours::drop(const Route& route) {
  const auto found = lent_.find(route);
  if (found == lent_.end()) return;
  send(found->second, RouteGone{abroad(route)});
  lent_.erase(found);
}

void Neighbours::drop_allocation(turn::AllocationId allocation) {
  std::vector<Route> gone;
  for (const auto& [route, tenant] : lent_) {
    if (route.allocation == allocation) gone.push_back(route);
  }
  for (const Route& route : gone) drop(route);
}

void Neighbours::send(WorkerId to, decltype(Parcel::content) content) {
  outgoing_.push_back({self_, to, std::move(content)});
}

void Neighbours::send_to_all(const UserMinted& user) {
  for (std::size_t i = 0; i < workers_; ++i) {
    const WorkerId worker{static_cast<std::uint8_t>(i)};
    if (worker != self_) send(worker, user);
  }
}

void Neighbours::carry(WorkerId to, PacketForYou packet) {
  if (carried_ >= kMaxCarriedPackets) return;
  ++carried_;
  send(to, std::move(packet));
}

std::optional<Parcel> Neighbours::poll() {
  if (outgoing_.empty()) return std::nullopt;
  Parcel parcel = std::move(outgoing_.front());
  outgoing_.pop_front();
  if (std::holds_alternative<PacketForYou>(parcel.content)) --carried_;
  return parcel;
}

}  // namespace porthole::node
