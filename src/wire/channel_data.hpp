// ChannelData (RFC 8656 section 12.4): a 2-byte channel number and a 2-byte length before the payload.
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.hpp"

namespace porthole::wire {

// RFC 8656 section 12: higher numbers are reserved, since RFC 7983 gives their first bytes to other
// protocols.
constexpr std::uint16_t kMinChannel = 0x4000;
constexpr std::uint16_t kMaxChannel = 0x4FFF;
// RFC 5766 section 11 went further, and clients still do. On a stream, which carries nothing but TURN, that
// does no harm.
constexpr std::uint16_t kMaxStreamChannel = 0x7FFF;

constexpr std::size_t kChannelHeaderSize = 4;
constexpr std::size_t kMaxChannelPayload = 0xFFFF;

// Whether ChannelData may begin with this number: its first two bits tell it from STUN.
constexpr bool is_channel_number(std::uint16_t number) {
  return number >= kMinChannel && number <= kMaxStreamChannel;
}

// To a multiple of 4, as attributes are and as messages on a stream must be (RFC 8656 section 12.5).
constexpr std::size_t padded(std::size_t size) {
  return (size + 3) & ~std::size_t{3};
}

struct ChannelData {
  std::uint16_t channel = 0;
  Bytes payload;  // Borrows the message; without padding.
};

// One whole message. Padding may follow the payload, on any transport, but nothing else.
std::optional<ChannelData> parse_channel_data(Bytes message);

// Writes the 4 bytes that stand before the payload. `out` holds at least kChannelHeaderSize bytes.
void write_channel_header(MutableBytes out, std::uint16_t channel, std::uint16_t payload_size);

}  // namespace porthole::wire
