// How data from a peer is written for the client: as ChannelData or as a Data indication, without a look-up
// for each packet.
#pragma once

#include <array>
#include <cstdint>

#include "base/address.hpp"
#include "base/bytes.hpp"
#include "base/time.hpp"
#include "wire/channel_data.hpp"
#include "wire/stun.hpp"

namespace porthole::turn {

// A value to keep beside a route. Usage, for each packet:
//
//   if (now >= framing.valid_until()) ask the server again;
//   write the payload at slot[framing.prefix_size()];
//   size = framing.frame(slot, payload_size);      // Fills in what is around it.
class PeerFraming {
 public:
  // STUN header, XOR-PEER-ADDRESS with an IPv6 address, DATA header.
  static constexpr std::size_t kMaxPrefix = 48;
  // Prefix and padding: what a relayed packet may take beyond its payload.
  static constexpr std::size_t kMaxOverhead = kMaxPrefix + 3;

  static PeerFraming channel(std::uint16_t number, bool on_stream, Instant valid_until);
  static PeerFraming indication(const SocketAddress& peer, const stun::TransactionId& first_transaction,
                                Instant valid_until);

  // Bytes before the payload.
  std::size_t prefix_size() const { return prefix_size_; }
  // Of the whole message: prefix, payload, padding.
  std::size_t total_size(std::size_t payload_size) const {
    return prefix_size_ + (padded_ ? wire::padded(payload_size) : payload_size);
  }
  // Writes the prefix and zeroes the padding around a payload that stands at slot[prefix_size()]. Returns
  // total_size(payload_size), or 0 when the slot is smaller or the length field cannot hold the size.
  std::size_t frame(MutableBytes slot, std::size_t payload_size);

  // From then on the permission or the channel may have ended.
  Instant valid_until() const { return valid_until_; }
  bool is_channel() const { return prefix_size_ == wire::kChannelHeaderSize; }

 private:
  PeerFraming() = default;
  void next_transaction();

  std::array<std::uint8_t, kMaxPrefix> prefix_{};
  std::uint8_t prefix_size_ = 0;
  bool padded_ = false;
  Instant valid_until_{};
};

}  // namespace porthole::turn
