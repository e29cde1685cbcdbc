#include "turn/allocation_table.hpp"

#include <cassert>
#include <utility>

#include "turn/credentials.hpp"

namespace porthole::turn {

std::string_view user_of(std::string_view username) {
  const auto parsed = parse_username(username);
  return parsed && !parsed->name.empty() ? parsed->name : username;
}

Allocation* AllocationTable::find(const FiveTuple& client) {
  const auto found = by_client_.find(client);
  return found == by_client_.end() ? nullptr : find(found->second);
}

Allocation* AllocationTable::find(AllocationId id) {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : &found->second;
}

const Allocation* AllocationTable::find(AllocationId id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : &found->second;
}

Allocation& AllocationTable::add(Allocation allocation) {
  allocation.id = AllocationId{++last_id_};
  [[maybe_unused]] const bool is_new = by_client_.emplace(allocation.client, allocation.id).second;
  assert(is_new);
  ++per_user_[std::string(user_of(allocation.username))];
  expiries_.schedule(allocation.id, allocation.expires);
  const AllocationId id = allocation.id;
  return by_id_.emplace(id, std::move(allocation)).first->second;
}

void AllocationTable::set_expiry(Allocation& allocation, Instant expires) {
  allocation.expires = expires;
  expiries_.schedule(allocation.id, expires);
}

std::optional<Allocation> AllocationTable::remove(AllocationId id) {
  auto node = by_id_.extract(id);
  if (node.empty()) return std::nullopt;
  Allocation allocation = std::move(node.mapped());
  by_client_.erase(allocation.client);
  expiries_.cancel(id);
  const auto user = per_user_.find(std::string(user_of(allocation.username)));
  if (user != per_user_.end() && --user->second == 0) per_user_.erase(user);
  return allocation;
}

std::size_t AllocationTable::count_of(std::string_view user) const {
  const auto found = per_user_.find(std::string(user));
  return found == per_user_.end() ? 0 : found->second;
}

}  // namespace porthole::turn
