// Frames that a receiver can check: each says its number, and every byte of it follows from that.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/frame.hpp"

namespace porthole::sim {

// What decoders want and cannot be made up: see synthetic_frame().
constexpr std::size_t kMinSyntheticBytes = 32;

// About `size` bytes. A keyframe of H.264 has a sequence parameter set of profile 42e01f.
EncodedFrame synthetic_frame(VideoCodec codec, std::uint32_t number, bool keyframe, Duration pts,
                             std::size_t size);

// What a receiver put together again: H.264 as NAL units, VP8 as one frame.
struct ReceivedFrame {
  VideoCodec codec = VideoCodec::h264;
  std::vector<std::vector<std::uint8_t>> units;
};

struct RecognisedFrame {
  std::uint32_t number = 0;
  bool keyframe = false;
};

// nullopt when a byte is wrong or missing.
std::optional<RecognisedFrame> recognise(const ReceivedFrame& frame);

}  // namespace porthole::sim
