#include "synthetic_video.hpp"

#include <algorithm>
#include <array>

#include "base/bytes.hpp"

namespace porthole::sim {
namespace {

using Unit = std::vector<std::uint8_t>;

constexpr std::uint8_t kIdr = 0x65;
constexpr std::uint8_t kSlice = 0x61;
constexpr std::size_t kVp8Header = 10;

const Unit kSps{0x67, 0x42, 0xe0, 0x1f, 0x95, 0xa0, 0x14, 0x01, 0x6e, 0x40};
const Unit kPps{0x68, 0xce, 0x3c, 0x80};

// Bytes to cut bodies from: no zeros, so that no start code is among them.
constexpr std::size_t kNoise = 1U << 20;
constexpr std::uint32_t kNoiseStarts = 65'521;

const Unit& noise() {
  static const Unit bytes = [] {
    Unit made(kNoise);
    std::uint32_t state = 1;
    for (std::uint8_t& byte : made) {
      state = state * 1664525U + 1013904223U;
      byte = static_cast<std::uint8_t>(state >> 24) | 1U;
    }
    return made;
  }();
  return bytes;
}

// The number and the length as hexadecimal digits, then bytes that follow from them.
void append_body(Unit& unit, std::uint32_t number, std::uint32_t size) {
  for (const std::uint32_t value : {number, size}) {
    for (int shift = 28; shift >= 0; shift -= 4) {
      unit.push_back(static_cast<std::uint8_t>("0123456789abcdef"[(value >> shift) & 15U]));
    }
  }
  const auto from = noise().begin() + static_cast<std::ptrdiff_t>(number * 7919U % kNoiseStarts);
  unit.insert(unit.end(), from, from + static_cast<std::ptrdiff_t>(size - unit.size()));
}

Unit slice(std::uint32_t number, bool keyframe, std::size_t size) {
  Unit unit{keyframe ? kIdr : kSlice};
  append_body(unit, number, static_cast<std::uint32_t>(std::max(size, kMinSyntheticBytes)));
  return unit;
}

Unit vp8(std::uint32_t number, bool keyframe, std::size_t size) {
  // RFC 6386 section 9.1: the lowest bit is 0 in keyframes, which then have a start code and their size.
  Unit unit{static_cast<std::uint8_t>(keyframe ? 0x10 : 0x11), 0x02, 0x01};
  unit.insert(unit.end(), {0x9d, 0x01, 0x2a, 0x80, 0x02, 0xe0, 0x01});
  append_body(unit, number, static_cast<std::uint32_t>(std::max(size, kMinSyntheticBytes)));
  return unit;
}

std::optional<std::uint32_t> read_number(Bytes digits) {
  if (digits.size() < 8) return std::nullopt;
  std::uint32_t value = 0;
  for (const std::uint8_t digit : digits.first(8)) {
    const bool letter = digit >= 'a';
    value = value * 16 + static_cast<std::uint32_t>(letter ? digit - 'a' + 10 : digit - '0');
  }
  return value;
}

std::optional<RecognisedFrame> recognise_vp8(const Unit& unit) {
  if (unit.size() < kMinSyntheticBytes) return std::nullopt;
  const bool keyframe = (unit[0] & 1U) == 0;
  const auto number = read_number(Bytes(unit).subspan(kVp8Header));
  if (!number || unit != vp8(*number, keyframe, unit.size())) return std::nullopt;
  return RecognisedFrame{*number, keyframe};
}

}  // namespace

EncodedFrame synthetic_frame(VideoCodec codec, std::uint32_t number, bool keyframe, Duration pts,
                             std::size_t size) {
  if (codec == VideoCodec::vp8) return {codec, keyframe, pts, vp8(number, keyframe, size)};
  EncodedFrame frame{codec, keyframe, pts, {}};
  const auto add = [&frame](const Unit& unit) {
    frame.bytes.insert(frame.bytes.end(), {0, 0, 0, 1});
    frame.bytes.insert(frame.bytes.end(), unit.begin(), unit.end());
  };
  if (keyframe) {
    add(kSps);
    add(kPps);
  }
  add(slice(number, keyframe, size));
  return frame;
}

std::optional<RecognisedFrame> recognise(const ReceivedFrame& frame) {
  if (frame.units.empty()) return std::nullopt;
  if (frame.codec == VideoCodec::vp8) return recognise_vp8(frame.units.front());
  const Unit& picture = frame.units.back();
  const bool keyframe = picture[0] == kIdr;
  const auto number = read_number(Bytes(picture).subspan(1));
  if (!number || picture != slice(*number, keyframe, picture.size())) return std::nullopt;
  const bool has_sets = frame.units.size() == 3 && frame.units[0] == kSps && frame.units[1] == kPps;
  if (keyframe ? !has_sets : frame.units.size() != 1) return std::nullopt;
  return RecognisedFrame{*number, keyframe};
}

}  // namespace porthole::sim
