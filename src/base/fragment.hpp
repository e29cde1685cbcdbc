// Video as pieces of an MP4 file, made for a browser's MediaSource.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/frame.hpp"

namespace porthole {

// What a decoder must have before any fragment.
struct InitSegment {
  std::string type;             // For MediaSource: video/mp4; codecs="avc1.42e01f"
  std::uint32_t timescale = 1;  // Ticks a second, of the fragments' times.
  std::vector<std::uint8_t> bytes;
};

// One frame.
struct Fragment {
  bool keyframe = false;
  bool after_gap = false;  // So long that MediaSource throws away all up to the next keyframe.
  std::vector<std::uint8_t> bytes;
  std::optional<InitSegment> init;  // Where the stream is not, or no longer, what the last one said.
};

// For one broadcast. A fragment comes out as soon as its frame went in.
class Fragmenter {
 public:
  virtual ~Fragmenter() = default;

  // nullopt for a frame that cannot be shown: before the first keyframe, of another codec than H.264,
  // damaged.
  virtual std::optional<Fragment> add(const EncodedFrame& frame) = 0;
};

class FragmenterFactory {
 public:
  virtual ~FragmenterFactory() = default;
  virtual std::unique_ptr<Fragmenter> make() = 0;
};

}  // namespace porthole
