#include "wire/channel_data.hpp"

#include <cassert>

namespace porthole::wire {

std::optional<ChannelData> parse_channel_data(Bytes message) {
  ByteReader reader(message);
  ChannelData parsed;
  parsed.channel = reader.u16();
  const std::uint16_t size = reader.u16();
  parsed.payload = reader.take(size);
  if (!reader.ok() || !is_channel_number(parsed.channel)) return std::nullopt;
  // RFC 8656 section 12.5: padding is not counted by the length field. Over UDP it is optional.
  if (reader.remaining() > padded(size) - size) return std::nullopt;
  return parsed;
}

void write_channel_header(MutableBytes out, std::uint16_t channel, std::uint16_t payload_size) {
  assert(out.size() >= kChannelHeaderSize);
  store_u16(&out[0], channel);
  store_u16(&out[2], payload_size);
}

}  // namespace porthole::wire
