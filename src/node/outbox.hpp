// Datagrams and frames on their way out: written once, in place, without an allocation each.
#pragma once

#include <vector>

#include "base/packet.hpp"

namespace porthole::node {

class Outbox {
 public:
  // Room for one packet, to be written before commit() or left alone. Empty when the outbox is full: the
  // packet is then dropped, as the network might have done.
  MutableBytes slot(std::size_t size = kSlot) {
    if (size > kMaxDatagram || used_ + size > kMaxBytes) return {};
    if (arena_.size() < used_ + size) arena_.resize(used_ + size);
    return MutableBytes(arena_).subspan(used_, size);
  }

  // Sends the first `size` bytes of the last slot().
  void commit(const FiveTuple& to, std::size_t size) {
    entries_.push_back({to, used_, size});
    used_ += size;
  }

  // The next packets for one destination, as many in a row as may share a batch.
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

  static bool may_join(const TransmitBatch& batch, std::size_t segments, const Entry& entry);

  std::vector<std::uint8_t> arena_;
  std::vector<Entry> entries_;
  std::size_t used_ = 0;
  std::size_t next_ = 0;
};

}  // namespace porthole::node
