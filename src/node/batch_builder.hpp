// Fills a TransmitBatch with packets for one route, each wrapped as the route demands.
#pragma once

#include "base/packet.hpp"
#include "node/batch_capacity.hpp"
#include "node/route_framing.hpp"

namespace porthole::node {

class BatchBuilder {
 public:
  // Empties the batch. The framing counts what it frames.
  BatchBuilder(TransmitBatch& batch, const FiveTuple& to, RouteFraming& framing)
      : batch_(batch), framing_(framing), capacity_(media_capacity(to)), is_stream_(to.is_stream()) {
    batch_.clear();
    batch_.to = to;
  }

  // Whether a packet of that size may still join: segments are equal but for the last, which closes the
  // batch. Streams have no segments: there only room counts.
  bool takes(std::size_t packet_size) const {
    const std::size_t total = framing_.total_size(packet_size);
    if (closed_ || segments_ == kMaxSegments || batch_.size + total > capacity_) return false;
    return segments_ == 0 || is_stream_ || total <= batch_.segment_size;
  }

  // Where the packet is to be written; commit() says how long it became.
  MutableBytes slot() { return batch_.free_space().subspan(framing_.prefix_size()); }

  // `packet_size` is what takes() was asked for, or, for the only packet of a batch, anything that fits.
  void commit(std::size_t packet_size) {
    const std::size_t total = framing_.frame(batch_.free_space(), packet_size);
    if (segments_ == 0 && !is_stream_) batch_.segment_size = total;
    closed_ = total < batch_.segment_size;
    batch_.size += total;
    ++segments_;
  }

  bool empty() const { return segments_ == 0; }
  std::size_t size() const { return batch_.size; }
  bool is_stream() const { return is_stream_; }

 private:
  // Borrowed.
  TransmitBatch& batch_;
  RouteFraming& framing_;

  // Constant after construction.
  std::size_t capacity_;
  bool is_stream_;

  std::size_t segments_ = 0;
  bool closed_ = false;
};

}  // namespace porthole::node
