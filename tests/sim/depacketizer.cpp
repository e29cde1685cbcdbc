#include "depacketizer.hpp"

namespace porthole::sim {
namespace {

// RFC 6184 sections 5.7 and 5.8.
constexpr unsigned kStapA = 24;
constexpr unsigned kFuA = 28;

bool add_aggregate(ReceivedFrame& frame, ByteReader reader) {
  while (reader.remaining() > 0) {
    const Bytes unit = reader.take(reader.u16());
    if (unit.empty()) return false;
    frame.units.emplace_back(unit.begin(), unit.end());
  }
  return true;
}

// `open`: a fragmented unit has begun and not ended.
bool add_fragment(ReceivedFrame& frame, std::uint8_t indicator, ByteReader reader, bool& open) {
  const std::uint8_t header = reader.u8();
  const bool starts = (header & 0x80) != 0;
  if (starts == open || reader.remaining() == 0) return false;
  if (starts) frame.units.push_back({static_cast<std::uint8_t>((indicator & 0xe0) | (header & 0x1f))});
  frame.units.back().insert(frame.units.back().end(), reader.rest().begin(), reader.rest().end());
  open = (header & 0x40) == 0;
  return true;
}

std::optional<ReceivedFrame> depacketize_h264(const std::vector<Bytes>& payloads) {
  ReceivedFrame frame{VideoCodec::h264, {}};
  bool open = false;
  for (const Bytes payload : payloads) {
    ByteReader reader(payload);
    const std::uint8_t first = reader.u8();
    const unsigned type = first & 0x1fU;
    if (type == kFuA) {
      if (!add_fragment(frame, first, reader, open)) return std::nullopt;
    } else if (open || payload.empty()) {
      return std::nullopt;
    } else if (type == kStapA) {
      if (!add_aggregate(frame, reader)) return std::nullopt;
    } else {
      frame.units.emplace_back(payload.begin(), payload.end());
    }
  }
  return open ? std::nullopt : std::optional(frame);
}

// RFC 7741 section 4.2: the payload descriptor.
std::optional<ReceivedFrame> depacketize_vp8(const std::vector<Bytes>& payloads) {
  ReceivedFrame frame{VideoCodec::vp8, {{}}};
  for (const Bytes payload : payloads) {
    ByteReader reader(payload);
    const std::uint8_t first = reader.u8();
    const bool starts = (first & 0x10) != 0;
    if (starts != frame.units[0].empty()) return std::nullopt;
    const std::uint8_t extended = (first & 0x80) != 0 ? reader.u8() : std::uint8_t{0};
    if ((extended & 0x80) != 0 && (reader.u8() & 0x80) != 0) reader.u8();
    if ((extended & 0x40) != 0) reader.u8();
    if ((extended & 0x30) != 0) reader.u8();
    if (!reader.ok() || reader.remaining() == 0) return std::nullopt;
    frame.units[0].insert(frame.units[0].end(), reader.rest().begin(), reader.rest().end());
  }
  return frame;
}

}  // namespace

std::optional<ReceivedFrame> depacketize(VideoCodec codec, const std::vector<Bytes>& payloads) {
  return codec == VideoCodec::h264 ? depacketize_h264(payloads) : depacketize_vp8(payloads);
}

}  // namespace porthole::sim
