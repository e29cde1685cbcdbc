// The moving sea behind the porthole's glass: three rows of waves and a sailing boat.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "media/backdrop.hpp"

namespace porthole::media {

class Sea {
 public:
  Sea();

  // The sky into which waves and boat rise: to be covered with the backdrop again before every draw().
  static Rect sky();

  // Draws the sea as it is `seconds` after the start over the glass of `frame`.
  void draw(AVFrame& frame, double seconds) const;

 private:
  static constexpr int kLayers = 3;
  static constexpr int kWidth = 2 * kGlassRadius;
  static constexpr int kTextureSize = 256;  // A power of two: coordinates wrap by a mask.

  // The y of each layer's surface, by column of the glass.
  using Surface = std::array<std::array<int, kWidth>, kLayers + 1>;

  Surface surface_at(double seconds) const;
  void draw_layer(AVFrame& frame, int layer, const Surface& surface, double seconds) const;
  void draw_luma_row(AVFrame& frame, int layer, int y, const Surface& surface, int drift) const;
  void draw_boat(AVFrame& frame, const Surface& surface, double seconds) const;

  // Constant after construction.
  std::vector<std::uint8_t> texture_;     // kTextureSize squared: ripples as brightness.
  std::vector<std::uint8_t> glass_;       // kWidth squared: how clear the glass is, dark at its rim.
  std::array<int, kWidth> half_chord_{};  // Half the width of the glass, by row.
  FramePtr boat_;
  std::vector<std::uint8_t> boat_ink_;
};

}  // namespace porthole::media
