#include "node/outbox.hpp"

#include <algorithm>

namespace porthole::node {

bool Outbox::poll(TransmitBatch& out) {
  if (next_ == entries_.size()) return false;
  const Entry& entry = entries_[next_++];
  out.to = entry.to;
  out.size = out.segment_size = entry.size;
  std::copy_n(&arena_[entry.offset], entry.size, out.buffer.data());
  if (next_ == entries_.size()) {
    entries_.clear();
    used_ = next_ = 0;
  }
  return true;
}

}  // namespace porthole::node
