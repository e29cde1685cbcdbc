#include "turn/peer_framing.hpp"

#include <algorithm>

namespace porthole::turn {
namespace {

constexpr std::size_t kTransactionAt = 8;
constexpr std::size_t kCounterAt = kTransactionAt + 8;  // The last 4 bytes of the transaction id.
constexpr std::size_t kDataHeaderSize = stun::kAttributeHeaderSize;

}  // namespace

PeerFraming PeerFraming::channel(std::uint16_t number, bool on_stream, Instant valid_until) {
  PeerFraming framing;
  wire::write_channel_header(framing.prefix_, number, 0);
  framing.prefix_size_ = wire::kChannelHeaderSize;
  // RFC 8656 section 12.5: on TCP and TLS it must be padded; a datagram has an end of its own.
  framing.padded_ = on_stream;
  framing.valid_until_ = valid_until;
  return framing;
}

PeerFraming PeerFraming::indication(const SocketAddress& peer, const stun::TransactionId& first_transaction,
                                    Instant valid_until) {
  PeerFraming framing;
  stun::MessageBuilder builder(framing.prefix_, stun::Class::indication, stun::Method::data,
                               first_transaction);
  builder.add_xor_address(stun::Attribute::xor_peer_address, peer);
  builder.add(stun::Attribute::data, {});
  framing.prefix_size_ = static_cast<std::uint8_t>(builder.finish().size());
  framing.padded_ = true;
  framing.valid_until_ = valid_until;
  return framing;
}

std::size_t PeerFraming::frame(MutableBytes slot, std::size_t payload_size) {
  const std::size_t total = total_size(payload_size);
  if (payload_size > wire::kMaxChannelPayload || total > slot.size() || total > stun::kMaxMessage) return 0;
  const auto size = static_cast<std::uint16_t>(payload_size);
  if (is_channel()) {
    store_u16(&prefix_[2], size);
  } else {
    next_transaction();
    store_u16(&prefix_[2], static_cast<std::uint16_t>(total - stun::kHeaderSize));
    store_u16(&prefix_[prefix_size_ - 2U], size);
  }
  std::copy_n(prefix_.begin(), prefix_size_, slot.begin());
  const std::size_t end = prefix_size_ + payload_size;
  std::ranges::fill(slot.subspan(end, total - end), std::uint8_t{0});
  return total;
}

// Nothing answers an indication, so its transaction id matches nothing and protects nothing; it need only
// differ from one message to the next (RFC 8489 section 5). Counting up from a random start does that.
void PeerFraming::next_transaction() {
  const std::uint32_t old_counter = load_u32(&prefix_[kCounterAt]);
  const std::uint32_t new_counter = old_counter + 1;
  store_u32(&prefix_[kCounterAt], new_counter);
  // An IPv6 address is XORed with the transaction id, so its last 4 bytes change along with it.
  if (prefix_size_ != kMaxPrefix) return;
  constexpr std::size_t kAddressTail = kMaxPrefix - kDataHeaderSize - 4;
  store_u32(&prefix_[kAddressTail], load_u32(&prefix_[kAddressTail]) ^ old_counter ^ new_counter);
}

}  // namespace porthole::turn
