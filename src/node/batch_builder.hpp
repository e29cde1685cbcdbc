// Fills a TransmitBatch with packets for one route, each wrapped as the route demands.
#pragma once

#include <algorithm>

#include "base/packet.hpp"
#include "node/batch_capacity.hpp"
#include "node/route.hpp"
#include "node/route_framing.hpp"

namespace porthole::node {

class BatchBuilder {
 public:
  // Empties the batch.
  BatchBuilder(TransmitBatch& batch, const Route& route, const RouteFraming& framing)
      : batch_(batch), framing_(framing) {
    batch_.clear();
    batch_.to = route.path;
  }

  // Whether a packet of that size may still join: segments are equal but for the last, which closes the
  // batch. Streams have no segments: there only room counts.
  bool takes(std::size_t packet_size) const {
    const std::size_t total = framing_.total_size(packet_size);
    if (closed_ || segments_ == kMaxSegments || batch_.size + total > media_capacity(batch_.to)) return false;
    return segments_ == 0 || batch_.to.is_stream() || total <= batch_.segment_size;
  }

  // Where the packet is to be written; commit() says how long it became.
  MutableBytes slot() { return batch_.free_space().subspan(framing_.prefix_size()); }

  // `packet_size` is what takes() was asked for, or, for the only packet of a batch, anything that fits.
  void commit(std::size_t packet_size) {
    const std::size_t total = framing_.frame(batch_.free_space(), packet_size);
    if (segments_ == 0) batch_.segment_size = total;
    closed_ = total < batch_.segment_size && !batch_.to.is_stream();
    batch_.size += total;
    ++segments_;
  }

  bool empty() const { return segments_ == 0; }
  bool is_stream() const { return batch_.to.is_stream(); }

 private:
  TransmitBatch& batch_;  // Borrowed.
  RouteFraming framing_;
  std::size_t segments_ = 0;
  bool closed_ = false;
};

}  // namespace porthole::node
