// Frames to send, and the way back from payloads to frames, as a receiver would go it.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <vector>

#include "base/frame.hpp"
#include "base/random.hpp"
#include "rtc/packetized_frame.hpp"

namespace porthole::test {

using Buffer = std::vector<std::uint8_t>;

// Random bytes without zeros, so that no start code and no trailing zero is among them.
inline Buffer noise(std::size_t size, Random& random) {
  Buffer bytes(size);
  random.fill(bytes);
  std::ranges::replace(bytes, std::uint8_t{0}, std::uint8_t{0xff});
  return bytes;
}

// A NAL unit: the header byte, then noise up to `size` bytes in all.
inline Buffer nal(std::uint8_t header, std::size_t size, Random& random) {
  Buffer unit = noise(size, random);
  unit[0] = header;
  return unit;
}

// With start codes of 3 and 4 bytes in turn.
inline Buffer annex_b(const std::vector<Buffer>& units) {
  Buffer stream;
  bool four = true;
  for (const Buffer& unit : units) {
    if (four) stream.push_back(0);
    stream.insert(stream.end(), {0, 0, 1});
    stream.insert(stream.end(), unit.begin(), unit.end());
    four = !four;
  }
  return stream;
}

inline EncodedFrame h264_frame(const std::vector<Buffer>& units, Duration pts = {}) {
  return {VideoCodec::h264, false, pts, annex_b(units)};
}

// The NAL units that the payloads carry (RFC 6184); nullopt when they do not follow the rules.
inline std::optional<std::vector<Buffer>> depacketize_h264(const rtc::PacketizedFrame& frame) {
  std::vector<Buffer> units;
  bool inside = false;
  for (std::size_t i = 0; i < frame.payloads.size(); ++i) {
    ByteReader reader(frame.payload(i));
    const std::uint8_t first = reader.u8();
    const unsigned type = first & 0x1fU;
    if (inside != (type == 28 && (reader.rest()[0] & 0x80) == 0)) return std::nullopt;
    if (type == 24) {
      while (reader.remaining() > 0) {
        const Bytes unit = reader.take(reader.u16());
        if (unit.empty()) return std::nullopt;
        units.emplace_back(unit.begin(), unit.end());
      }
    } else if (type == 28) {
      const std::uint8_t header = reader.u8();
      if ((header & 0xc0) == 0xc0 || reader.remaining() == 0) return std::nullopt;
      if ((header & 0x80) != 0) {
        units.push_back({static_cast<std::uint8_t>((first & 0xe0) | (header & 0x1f))});
      }
      units.back().insert(units.back().end(), reader.rest().begin(), reader.rest().end());
      inside = (header & 0x40) == 0;
    } else {
      units.emplace_back(frame.payload(i).begin(), frame.payload(i).end());
    }
  }
  return inside ? std::nullopt : std::optional(units);
}

// How many batches the packets make when batches are built as PacketizedFrame says.
inline std::size_t count_runs(const std::vector<std::size_t>& sizes) {
  std::size_t runs = 0;
  std::size_t open = 0;  // The size of the open batch's segments.
  for (const std::size_t size : sizes) {
    if (open == 0 || size > open) {
      ++runs;
      open = size;
    } else if (size < open) {
      open = 0;
    }
  }
  return runs;
}

inline std::vector<std::size_t> sizes_of(const rtc::PacketizedFrame& frame) {
  std::vector<std::size_t> sizes;
  for (const auto& payload : frame.payloads) sizes.push_back(payload.size);
  return sizes;
}

// A frame as a stream sees it: so many payloads of so many bytes.
inline rtc::FramePtr raw_frame(bool keyframe, Duration pts, std::size_t payloads = 1,
                               std::uint16_t size = 1000) {
  auto frame = std::make_shared<rtc::PacketizedFrame>();
  frame->keyframe = keyframe;
  frame->pts = pts;
  for (std::size_t i = 0; i < payloads; ++i) {
    frame->payloads.push_back({static_cast<std::uint32_t>(frame->bytes.size()), size});
    frame->bytes.resize(frame->bytes.size() + size, static_cast<std::uint8_t>(i));
  }
  return frame;
}

}  // namespace porthole::test
