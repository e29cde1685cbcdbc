#include "node/outbox.hpp"

#include <algorithm>

#include "node/batch_capacity.hpp"

namespace porthole::node {

// Segments are equal but for the last one. Plain TCP has no segments: there only room counts. Over TLS each
// is a record, since coturn's client, and whoever else was only ever tried against coturn, takes a record for
// a message. An empty datagram is a batch of its own: nothing would be left of it in another.
bool Outbox::may_join(const TransmitBatch& batch, std::size_t segments, const Entry& entry) {
  if (entry.size == 0 || batch.size == 0) return false;
  if (entry.to != batch.to || batch.size + entry.size > batch_capacity(batch.to)) return false;
  if (batch.to.transport == Transport::tcp) return true;
  const bool is_open = batch.size == segments * batch.segment_size;
  return is_open && segments < kMaxSegments && entry.size <= batch.segment_size;
}

bool Outbox::poll(TransmitBatch& out) {
  if (next_ == entries_.size()) return false;
  const Entry& first = entries_[next_];
  out.to = first.to;
  out.segment_size = first.size;
  out.size = 0;
  std::size_t segments = 0;
  do {
    out.size += entries_[next_].size;
    ++segments;
  } while (++next_ < entries_.size() && may_join(out, segments, entries_[next_]));
  // They stand one behind the other.
  std::copy_n(&arena_[first.offset], out.size, out.buffer.data());
  if (next_ == entries_.size()) {
    entries_.clear();
    used_ = next_ = 0;
  }
  return true;
}

}  // namespace porthole::node
