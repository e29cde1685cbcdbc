// RTP packets (RFC 3550 section 5.1) with header extensions (RFC 8285): parsing into views, and writing.
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace porthole::rtp {

constexpr std::size_t kHeaderSize = 12;  // Without contributing sources.

// RFC 8285 section 4.2: 4 bytes of extension header, then elements of 1 + length bytes, padded to a multiple
// of 4. One 3-byte element (playout-delay) makes 8 bytes in all.
constexpr std::size_t kPlayoutDelayExtensionSize = 8;

// RFC 8285 section 4.2: the one-byte form names its elements 1 to 14; 15 is reserved.
constexpr std::uint8_t kMaxOneByteId = 14;

struct Header {
  bool marker = false;
  std::uint8_t payload_type = 0;  // 0 to 127.
  std::uint16_t sequence = 0;
  std::uint32_t timestamp = 0;
  std::uint32_t ssrc = 0;
};

// Borrows the datagram that it was parsed from.
struct Packet {
  Header header;
  std::uint16_t extension_profile = 0;  // 0 when there is no extension.
  Bytes extension;                      // The extension's elements, without its 4-byte header.
  Bytes payload;                        // Without padding.

  // The element with this id, in the one-byte or the two-byte form; nullopt when it is not there.
  std::optional<Bytes> find_extension(std::uint8_t id) const;
};

enum class ParseError : std::uint8_t { too_short, wrong_version, bad_extension, bad_padding };

Result<Packet, ParseError> parse(Bytes datagram);

// RFC 5761 section 4: on a multiplexed port, what has 64 to 95 where RTP has its payload type is RTCP.
// For bytes that are already known to be SRTP or SRTCP (RFC 7983: the first is 128 to 191).
bool is_rtcp(Bytes datagram);

// Writes the fixed header; `has_extension` sets the X bit, and the extension is the caller's to write next.
// The space must hold kHeaderSize bytes.
void write_header(std::uint8_t* out, const Header& header, bool has_extension);

// The playout-delay extension (http://www.webrtc.org/experiments/rtp-hdrext/playout-delay) that asks for no
// delay at all: 12 bits of minimum and 12 of maximum, both zero. The space must hold
// kPlayoutDelayExtensionSize bytes; the id must be 1 to kMaxOneByteId.
void write_playout_delay_extension(std::uint8_t* out, std::uint8_t id);

// How far `to` lies behind `from` on the circle of sequence numbers: 0 when equal, 65535 when one ahead.
constexpr std::uint16_t sequence_age(std::uint16_t from, std::uint16_t to) {
  return static_cast<std::uint16_t>(from - to);
}

}  // namespace porthole::rtp
