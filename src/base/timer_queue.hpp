// Deadlines by key: one pending deadline a key, cheap to move.
#pragma once

#include <cstddef>
#include <optional>
#include <queue>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/time.hpp"

namespace porthole {

// A heap with lazy deletion. Moving a deadline later costs a map write: the old heap entry stays and is
// dropped or re-armed when it comes up. Keys that come and go before their time leave theirs behind as well,
// until there are more of those than of live ones: then the heap is made anew.
template <class Key, class Hash = std::hash<Key>>
class TimerQueue {
 public:
  // Instant::max() is the same as cancel().
  void schedule(const Key& key, Instant deadline) {
    if (deadline == Instant::max()) return cancel(key);
    auto [entry, added] = entries_.try_emplace(key);
    entry->second.deadline = deadline;
    if (!added && entry->second.in_heap <= deadline) return;  // Comes up early and is re-armed then.
    entry->second.in_heap = deadline;
    heap_.emplace(deadline, key);
  }

  void cancel(const Key& key) {
    if (entries_.erase(key) > 0 && heap_.size() > kFewEntries + 2 * entries_.size()) rebuild();
  }

  // The next key whose deadline has come, removed from the queue.
  std::optional<Key> pop_due(Instant now) {
    settle();
    if (heap_.empty() || heap_.top().first > now) return std::nullopt;
    const Key key = heap_.top().second;
    heap_.pop();
    entries_.erase(key);
    return key;
  }

  // Instant::max() when nothing is pending.
  Instant next() {
    settle();
    return heap_.empty() ? Instant::max() : heap_.top().first;
  }

  bool contains(const Key& key) const { return entries_.contains(key); }
  std::size_t size() const { return entries_.size(); }
  // What is held in memory for them, stale entries included: at most kFewEntries and a few a key.
  std::size_t heap_size() const { return heap_.size(); }

  static constexpr std::size_t kFewEntries = 64;

 private:
  struct Entry {
    Instant deadline{};
    Instant in_heap{};  // The heap entry that stands for this key; others are stale.
  };
  using HeapEntry = std::pair<Instant, Key>;
  struct Later {
    bool operator()(const HeapEntry& a, const HeapEntry& b) const { return a.first > b.first; }
  };

  using Heap = std::priority_queue<HeapEntry, std::vector<HeapEntry>, Later>;

  // Makes the top of the heap a true deadline.
  void settle() {
    while (!heap_.empty()) {
      const auto [at, key] = heap_.top();
      const auto entry = entries_.find(key);
      if (entry != entries_.end() && entry->second.in_heap == at && entry->second.deadline == at) return;
      heap_.pop();
      if (entry == entries_.end() || entry->second.in_heap != at) continue;
      entry->second.in_heap = entry->second.deadline;
      heap_.emplace(entry->second.deadline, key);
    }
  }

  // Without what is stale. Takes as long as it took to make that much stale.
  void rebuild() {
    std::vector<HeapEntry> live;
    live.reserve(entries_.size());
    for (auto& [key, entry] : entries_) {
      entry.in_heap = entry.deadline;
      live.emplace_back(entry.deadline, key);
    }
    heap_ = Heap(Later{}, std::move(live));
  }

  std::unordered_map<Key, Entry, Hash> entries_;
  Heap heap_;
};

}  // namespace porthole
