#include "media/font.hpp"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <string_view>
#include <utility>

namespace porthole::media {
namespace {

// Strokes on a grid of 5 columns (x 0..4) and 7 rows (y 0..6). "xy xy xy" is one line through these points;
// '|' lifts the pen. A line of one point is a dot.
struct Glyph {
  char character;
  std::string_view strokes;
};

constexpr Glyph kGlyphs[] = {
    {'0', "10 30 41 45 36 16 05 01 10"},
    {'1', "11 20 26"},
    {'2', "01 10 30 41 42 06 46"},
    {'3', "01 10 30 41 42 33 44 45 36 16 05|23 33"},
    {'4', "36 30 04 44"},
    {'5', "40 00 02 32 43 45 36 16 05"},
    {'6', "41 30 10 01 05 16 36 45 44 33 13 04"},
    {'7', "00 40 41 16"},
    {'8', "10 30 41 42 33 13 02 01 10|13 04 05 16 36 45 44 33"},
    {'9', "42 33 13 02 01 10 30 41 45 36 16 05"},
    {'A', "06 02 20 42 46|04 44"},
    {'B', "00 30 41 42 33 44 45 36 06 00|03 33"},
    {'C', "41 30 10 01 05 16 36 45"},
    {'D', "00 20 42 44 26 06 00"},
    {'E', "40 00 06 46|03 33"},
    {'F', "40 00 06|03 33"},
    {'G', "41 30 10 01 05 16 36 45 43 23"},
    {'H', "00 06|40 46|03 43"},
    {'I', "20 26"},
    {'J', "40 45 36 16 05"},
    {'K', "00 06|40 03 46"},
    {'L', "00 06 46"},
    {'M', "06 00 23 40 46"},
    {'N', "06 00 46 40"},
    {'O', "10 30 41 45 36 16 05 01 10"},
    {'P', "06 00 30 41 42 33 03"},
    {'Q', "10 30 41 45 36 16 05 01 10|34 46"},
    {'R', "06 00 30 41 42 33 03|23 46"},
    {'S', "41 30 10 01 02 13 33 44 45 36 16 05"},
    {'T', "00 40|20 26"},
    {'U', "00 05 16 36 45 40"},
    {'V', "00 26 40"},
    {'W', "00 16 23 36 40"},
    {'X', "00 46|40 06"},
    {'Y', "00 23 40|23 26"},
    {'Z', "00 40 06 46"},
    {':', "22|24"},
    {'.', "26"},
    {',', "26 17"},
    {'-', "13 33"},
    {'/', "40 06"},
};

struct Point {
  double x = 0;
  double y = 0;
};

double distance(Point p, Point a, Point b) {
  const double dx = b.x - a.x;
  const double dy = b.y - a.y;
  const double length_squared = dx * dx + dy * dy;
  double along = 0;
  if (length_squared > 0) along = ((p.x - a.x) * dx + (p.y - a.y) * dy) / length_squared;
  along = std::clamp(along, 0.0, 1.0);
  return std::hypot(p.x - a.x - along * dx, p.y - a.y - along * dy);
}

using Segments = std::vector<std::pair<Point, Point>>;

// The glyph's lines in pixels, inset so that thick strokes stay inside the box.
Segments segments_of(char character, double width, double height, double thickness) {
  const auto glyph = std::ranges::find(kGlyphs, character, &Glyph::character);
  Segments segments;
  if (glyph == std::end(kGlyphs)) return segments;
  const double inset = thickness / 2 + 0.5;
  const double step_x = (width * 0.84 - 2 * inset) / 4;  // The rest is the space to the next letter.
  const double step_y = (height - 2 * inset) / 6;
  bool pen_down = false;
  for (std::size_t i = 0; i + 1 < glyph->strokes.size(); i += 3) {
    const Point to{inset + (glyph->strokes[i] - '0') * step_x,
                   inset + (glyph->strokes[i + 1] - '0') * step_y};
    segments.emplace_back(pen_down ? segments.back().second : to, to);
    pen_down = i + 2 < glyph->strokes.size() && glyph->strokes[i + 2] == ' ';
  }
  return segments;
}

// Inks the pixels around one line; where lines meet, the darker ink stays.
void ink_segment(GlyphMask& mask, Point a, Point b, double thickness) {
  const double reach = thickness / 2 + 1;
  const int left = std::max(0, static_cast<int>(std::min(a.x, b.x) - reach));
  const int right = std::min(mask.width, static_cast<int>(std::max(a.x, b.x) + reach) + 1);
  const int top = std::max(0, static_cast<int>(std::min(a.y, b.y) - reach));
  const int bottom = std::min(mask.height, static_cast<int>(std::max(a.y, b.y) + reach) + 1);
  for (int y = top; y < bottom; ++y) {
    for (int x = left; x < right; ++x) {
      const double ink = thickness / 2 - distance({x + 0.5, y + 0.5}, a, b) + 0.5;
      std::uint8_t& pixel = mask.ink[static_cast<std::size_t>(y * mask.width + x)];
      pixel = std::max(pixel, static_cast<std::uint8_t>(std::clamp(ink, 0.0, 1.0) * 255));
    }
  }
}

}  // namespace

GlyphMask render_glyph(char character, int height, double thickness) {
  GlyphMask mask{height * 7 / 10, height, {}};
  mask.ink.assign(static_cast<std::size_t>(mask.width) * static_cast<std::size_t>(height), 0);
  const char upper = static_cast<char>(std::toupper(static_cast<unsigned char>(character)));
  for (const auto& [a, b] : segments_of(upper, mask.width, height, thickness)) {
    ink_segment(mask, a, b, thickness);
  }
  return mask;
}

}  // namespace porthole::media
