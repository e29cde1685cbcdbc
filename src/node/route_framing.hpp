// What stands around each packet on a route.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>

#include "base/packet.hpp"
#include "turn/peer_framing.hpp"
#include "wire/stream_framing.hpp"

namespace porthole::node {

// Nothing on a direct route over UDP, the packet's length over TCP (RFC 4571), TURN's framing on a relayed
// one. To be used like turn::PeerFraming.
class RouteFraming {
 public:
  explicit RouteFraming(const FiveTuple& direct) : has_length_(direct.is_stream()) {}
  explicit RouteFraming(const turn::PeerFraming& relayed) : relayed_(relayed) {}

  // Until then it holds; later the client may have taken back what it let through.
  Instant valid_until() const { return relayed_ ? relayed_->valid_until() : Instant::max(); }

  // Bytes before the packet.
  std::size_t prefix_size() const { return relayed_ ? relayed_->prefix_size() : length_size(); }
  std::size_t total_size(std::size_t packet_size) const {
    return relayed_ ? relayed_->total_size(packet_size) : length_size() + packet_size;
  }
  // Completes what stands around a packet at slot[prefix_size()]. Returns total_size(packet_size), or 0 when
  // it does not fit.
  std::size_t frame(MutableBytes slot, std::size_t packet_size) {
    if (relayed_) return relayed_->frame(slot, packet_size);
    if (!has_length_) return packet_size;
    const bool fits = packet_size <= std::numeric_limits<std::uint16_t>::max();
    if (!fits || total_size(packet_size) > slot.size()) return 0;
    store_u16(slot.data(), static_cast<std::uint16_t>(packet_size));
    return total_size(packet_size);
  }

 private:
  std::size_t length_size() const { return has_length_ ? wire::kLengthPrefixSize : 0; }

  std::optional<turn::PeerFraming> relayed_;
  bool has_length_ = false;
};

}  // namespace porthole::node
