// A small stroke font, drawn for this project: capitals, digits and a little punctuation.
#pragma once

#include <cstdint>
#include <vector>

namespace porthole::media {

// How much of each pixel is ink, 0..255.
struct GlyphMask {
  int width = 0;
  int height = 0;
  std::vector<std::uint8_t> ink;  // width * height, row by row.
};

// The glyph as a box of `height` pixels (about 0.7 as wide, all glyphs alike), strokes `thickness` pixels
// thick with round ends. Small letters look like capitals; a character that the font lacks is a blank.
GlyphMask render_glyph(char character, int height, double thickness);

}  // namespace porthole::media
