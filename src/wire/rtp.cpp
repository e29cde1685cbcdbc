#include "wire/rtp.hpp"

namespace porthole::rtp {
namespace {

constexpr std::uint8_t kVersion = 2;
constexpr std::uint16_t kOneByteProfile = 0xbede;  // RFC 8285 section 4.2.
constexpr std::uint16_t kTwoByteProfile = 0x1000;  // RFC 8285 section 4.3; the low four bits are free.
constexpr std::uint8_t kPaddingElement = 0;        // RFC 8285 section 4.1.1: one byte, without a length.
constexpr std::uint8_t kReservedOneByteId = 15;    // RFC 8285 section 4.2: stop reading here.

}  // namespace

Result<Packet, ParseError> parse(Bytes datagram) {
  if (datagram.size() < kHeaderSize) return fail(ParseError::too_short);
  if (datagram[0] >> 6 != kVersion) return fail(ParseError::wrong_version);
  Packet packet;
  packet.header.marker = (datagram[1] & 0x80) != 0;
  packet.header.payload_type = datagram[1] & 0x7f;
  packet.header.sequence = load_u16(&datagram[2]);
  packet.header.timestamp = load_u32(&datagram[4]);
  packet.header.ssrc = load_u32(&datagram[8]);

  const std::size_t contributing = datagram[0] & 0x0fU;
  const bool has_extension = (datagram[0] & 0x10) != 0;
  const bool has_padding = (datagram[0] & 0x20) != 0;
  ByteReader reader(datagram.subspan(kHeaderSize));
  reader.skip(4 * contributing);
  if (!reader.ok()) return fail(ParseError::too_short);
  if (has_extension) {
    packet.extension_profile = reader.u16();
    packet.extension = reader.take(std::size_t{4} * reader.u16());
    if (!reader.ok()) return fail(ParseError::bad_extension);
  }
  packet.payload = reader.rest();
  if (has_padding) {
    // RFC 3550 section 5.1: the last byte counts the padding, itself included.
    const std::size_t padding = packet.payload.empty() ? 0 : packet.payload.back();
    if (padding == 0 || padding > packet.payload.size()) return fail(ParseError::bad_padding);
    packet.payload = packet.payload.first(packet.payload.size() - padding);
  }
  return packet;
}

std::optional<Bytes> Packet::find_extension(std::uint8_t id) const {
  const bool one_byte = extension_profile == kOneByteProfile;
  if (!one_byte && (extension_profile & 0xfff0) != kTwoByteProfile) return std::nullopt;
  ByteReader reader(extension);
  while (reader.remaining() > 0) {
    const std::uint8_t first = reader.u8();
    const std::uint8_t found = one_byte ? first >> 4 : first;
    if (first == kPaddingElement) continue;
    if (one_byte && found == kReservedOneByteId) return std::nullopt;
    const Bytes data = reader.take(one_byte ? (first & 0x0fU) + 1 : reader.u8());
    if (!reader.ok()) return std::nullopt;
    if (found == id) return data;
  }
  return std::nullopt;
}

bool is_rtcp(Bytes datagram) {
  if (datagram.size() < 2) return false;
  const std::uint8_t type = datagram[1] & 0x7f;
  return type >= 64 && type <= 95;
}

void write_header(std::uint8_t* out, const Header& header, bool has_extension) {
  out[0] = static_cast<std::uint8_t>((kVersion << 6) | (has_extension ? 0x10 : 0));
  out[1] = static_cast<std::uint8_t>((header.marker ? 0x80 : 0) | (header.payload_type & 0x7f));
  store_u16(out + 2, header.sequence);
  store_u32(out + 4, header.timestamp);
  store_u32(out + 8, header.ssrc);
}

void write_playout_delay_extension(std::uint8_t* out, std::uint8_t id) {
  constexpr std::uint32_t kElementData = 3;
  store_u16(out, kOneByteProfile);
  store_u16(out + 2, 1);  // Words that follow.
  // RFC 8285 section 4.2: the length field says one less than there are data bytes.
  store_u32(out + 4, ((std::uint32_t{id} << 4) | (kElementData - 1)) << 24);
}

}  // namespace porthole::rtp
