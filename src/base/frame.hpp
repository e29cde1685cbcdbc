// Encoded video on its way from a source to the viewers.
#pragma once

#include <cstdint>
#include <vector>

#include "base/time.hpp"

namespace porthole {

enum class VideoCodec : std::uint8_t { h264, vp8 };

struct EncodedFrame {
  VideoCodec codec = VideoCodec::h264;
  bool keyframe = false;
  // On the broadcast's own timeline: starts anywhere, never goes back, survives a source that is reopened.
  Duration pts{};
  // H.264: one access unit in Annex B form (start codes), SPS and PPS before every IDR. VP8: one frame.
  std::vector<std::uint8_t> bytes;
};

}  // namespace porthole
