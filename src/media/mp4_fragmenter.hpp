// H.264 into fragmented MP4, a fragment for each frame, by FFmpeg's own muxer.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/fragment.hpp"
#include "media/ffmpeg_ptr.hpp"

namespace porthole::media {

// How long a frame says that it lasts. That is known only when the next one comes, and nobody waits for it.
// Browsers take a gap of more than two such durations for a new beginning (Media Source Extensions, "coded
// frame processing") and throw away all up to the next keyframe, so that a short claim costs seconds when a
// camera skips a few pictures. But Firefox keeps frames queued for as long as they claim to last, and decodes
// no more than ten ahead: a long one delays the picture.
class FrameClaim {
 public:
  // After each frame, how much later it was than the one before.
  void note_interval(Duration interval);
  Duration duration() const;
  bool covers(Duration interval) const { return interval <= 2 * duration(); }

 private:
  // Six frames of 30 a second.
  static constexpr Duration kShortest = 200ms;
  static constexpr Duration kLongest = 2s;

  Duration longest_interval_{};  // Of late; it fades.
};

class Mp4Fragmenter final : public Fragmenter {
 public:
  Mp4Fragmenter();
  ~Mp4Fragmenter() override;

  std::optional<Fragment> add(const EncodedFrame& frame) override;

 private:
  class Muxer;

  // With these parameter sets, and the keyframe that they came with.
  std::optional<InitSegment> begin(std::vector<std::uint8_t> parameter_sets, const EncodedFrame& keyframe);

  std::unique_ptr<Muxer> muxer_;              // Null before the first keyframe.
  std::vector<std::uint8_t> parameter_sets_;  // Annex B; what muxer_ was told.
  std::optional<Duration> origin_;            // Of the timeline that viewers see.
  Duration latest_{};                         // Time of the last frame.
  FrameClaim claim_;
  PacketPtr packet_;
};

class Mp4FragmenterFactory final : public FragmenterFactory {
 public:
  std::unique_ptr<Fragmenter> make() override { return std::make_unique<Mp4Fragmenter>(); }
};

}  // namespace porthole::media
