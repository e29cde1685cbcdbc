#include "turn/allocation_table.hpp"

#include <cassert>
#include <utility>

#include "turn/credentials.hpp"

namespace porthole::turn {

namespace {

template <class Map, class Key>
void count_down(Map& counts, const Key& key) {
  const auto found = counts.find(key);
  if (found != counts.end() && --found->second == 0) counts.erase(found);
}

template <class Map, class Key>
std::size_t count_in(const Map& counts, const Key& key) {
  const auto found = counts.find(key);
  return found == counts.end() ? 0 : found->second;
}

}  // namespace

std::string_view user_of(std::string_view username) {
  const auto parsed = parse_username(username);
  return parsed && !parsed->name.empty() ? parsed->name : username;
}

Allocation* AllocationTable::find(const FiveTuple& client) {
  if (recent_ != nullptr && recent_->client == client) return recent_;
  const auto found = by_client_.find(client);
  return found == by_client_.end() ? nullptr : find(found->second);
}

Allocation* AllocationTable::find(AllocationId id) {
  if (recent_ != nullptr && recent_->id == id) return recent_;
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : recent_ = &found->second;
}

// What is remembered cannot be seen.
const Allocation* AllocationTable::find(AllocationId id) const {
  return const_cast<AllocationTable*>(this)->find(id);
}

const Allocation* AllocationTable::find_relayed(const SocketAddress& relayed) const {
  if (recent_ != nullptr && recent_->relayed.in(relayed.ip.family()) == relayed) return recent_;
  const auto found = by_relayed_.find(relayed);
  return found == by_relayed_.end() ? nullptr : find(found->second);
}

Allocation& AllocationTable::add(Allocation allocation) {
  allocation.id = AllocationId{++last_id_};
  [[maybe_unused]] const bool is_new = by_client_.emplace(allocation.client, allocation.id).second;
  assert(is_new);
  ++per_user_[std::string(user_of(allocation.username))];
  ++per_address_[allocation.client.remote.ip.customer()];
  for (const auto& relayed : allocation.relayed) {
    if (relayed) by_relayed_.emplace(*relayed, allocation.id);
  }
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
  recent_ = nullptr;
  Allocation allocation = std::move(node.mapped());
  by_client_.erase(allocation.client);
  expiries_.cancel(id);
  count_down(per_user_, std::string(user_of(allocation.username)));
  count_down(per_address_, allocation.client.remote.ip.customer());
  for (const auto& relayed : allocation.relayed) {
    if (relayed) by_relayed_.erase(*relayed);
  }
  return allocation;
}

void AllocationTable::drop_relayed(Allocation& allocation, Family family) {
  if (const auto& relayed = allocation.relayed.in(family)) by_relayed_.erase(*relayed);
  allocation.relayed.clear(family);
}

std::size_t AllocationTable::count_of(std::string_view user) const {
  return count_in(per_user_, std::string(user));
}

std::size_t AllocationTable::count_at(const IpAddress& client) const {
  return count_in(per_address_, client.customer());
}

}  // namespace porthole::turn
