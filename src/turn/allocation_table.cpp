#include "turn/allocation_table.hpp"

#include <cassert>
#include <utility>

namespace porthole::turn {

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
  for (const auto& relayed : allocation.relayed) {
    if (relayed) by_relayed_.erase(*relayed);
  }
  return allocation;
}

void AllocationTable::drop_relayed(Allocation& allocation, Family family) {
  if (const auto& relayed = allocation.relayed.in(family)) by_relayed_.erase(*relayed);
  allocation.relayed.clear(family);
}

}  // namespace porthole::turn
