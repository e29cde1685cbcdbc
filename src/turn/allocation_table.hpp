// All live allocations: by client, by number, by relayed address, and by the time at which they end.
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>

#include "base/packet.hpp"
#include "base/time.hpp"
#include "base/timer_queue.hpp"
#include "turn/allocation.hpp"

namespace porthole::turn {

class AllocationTable {
 public:
  // nullptr when there is none. Pointers last until the allocation is removed.
  Allocation* find(const FiveTuple& client);
  Allocation* find(AllocationId id);
  const Allocation* find(AllocationId id) const;
  const Allocation* find_relayed(const SocketAddress& relayed) const;

  // Gives it a number. The client has none yet.
  Allocation& add(Allocation allocation);
  void set_expiry(Allocation& allocation, Instant expires);
  // One of its two relayed addresses goes; the other stays.
  void drop_relayed(Allocation& allocation, Family family);
  // The allocation that was there; nullopt when there was none.
  std::optional<Allocation> remove(AllocationId id);

  // The next allocation whose lifetime is over, still in the table: remove it.
  std::optional<AllocationId> pop_expired(Instant now) { return expiries_.pop_due(now); }
  Instant next_expiry() const { return expiries_.next(); }

  std::size_t size() const { return by_id_.size(); }

 private:
  std::unordered_map<AllocationId, Allocation> by_id_;
  std::unordered_map<FiveTuple, AllocationId> by_client_;
  std::unordered_map<SocketAddress, AllocationId> by_relayed_;
  // Looking at the next deadline drops stale heap entries, which changes nothing that can be seen.
  mutable TimerQueue<AllocationId> expiries_;
  std::uint64_t last_id_ = 0;
  // What was looked for last, since packets come in rows: no look-up for each of them. Null, or in the table.
  Allocation* recent_ = nullptr;
};

}  // namespace porthole::turn
