// Small answers (STUN, TURN) on their way out: written once, in place, without an allocation each.
#pragma once

#include <vector>

#include "base/packet.hpp"

namespace porthole::node {

class Outbox {
 public:
  // Room for one answer, to be written before commit() or left alone. Empty when the outbox is full: the
  // answer is then dropped, as the network might have done, and the client asks again.
  MutableBytes slot() {
    if (used_ + kSlot > kMaxBytes) return {};
    if (arena_.size() < used_ + kSlot) arena_.resize(used_ + kSlot);
    return MutableBytes(arena_).subspan(used_, kSlot);
  }

  // Sends the first `size` bytes of the last slot().
  void commit(const FiveTuple& to, std::size_t size) {
    entries_.push_back({to, used_, size});
    used_ += size;
  }

  bool poll(TransmitBatch& out);

  // The largest answer that anything in the core writes.
  static constexpr std::size_t kSlot = 2048;
  // Whoever owns the node polls after every round of input, so that this bound is met by a flood alone.
  static constexpr std::size_t kMaxBytes = 1 << 20;

 private:
  struct Entry {
    FiveTuple to;
    std::size_t offset;
    std::size_t size;
  };

  std::vector<std::uint8_t> arena_;
  std::vector<Entry> entries_;
  std::size_t used_ = 0;
  std::size_t next_ = 0;
};

}  // namespace porthole::node
