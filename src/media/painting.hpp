// Draws still pictures with soft edges, once, before they become video.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <string_view>
#include <vector>

#include "media/ffmpeg_ptr.hpp"

namespace porthole::media {

// Components 0..1.
struct Rgb {
  float r = 0;
  float g = 0;
  float b = 0;

  friend Rgb operator*(Rgb colour, float k) { return {colour.r * k, colour.g * k, colour.b * k}; }
  friend Rgb operator+(Rgb a, Rgb b) { return {a.r + b.r, a.g + b.g, a.b + b.b}; }
};

inline Rgb mix(Rgb from, Rgb to, float share) {
  return from * (1 - share) + to * share;
}

struct Yuv {
  std::uint8_t y = 16;
  std::uint8_t u = 128;
  std::uint8_t v = 128;
};

// BT.709, limited range: what H.264 in HD means where it says nothing.
Yuv to_yuv(Rgb colour);

struct Rect {
  int x = 0;
  int y = 0;
  int width = 0;
  int height = 0;
};

// How much of a pixel a shape covers whose edge is `distance` pixels away (negative: inside).
inline float coverage(double distance) {
  return static_cast<float>(std::clamp(0.5 - distance, 0.0, 1.0));
}

// The distance from a point to the edge of a rectangle with round corners; negative inside.
double distance_to_box(double x, double y, const Rect& box, double corner);

class Painting {
 public:
  Painting(int width, int height);

  int width() const { return width_; }
  int height() const { return height_; }
  const Rgb& at(int x, int y) const { return pixels_[index(x, y)]; }
  Rgb& at(int x, int y) { return pixels_[index(x, y)]; }

  void blend(int x, int y, Rgb colour, float share) { at(x, y) = mix(at(x, y), colour, share); }

  // Calls shade(x, y) -> pair of colour and share for the middle of every pixel of `area`.
  template <class Shade>
  void paint(const Rect& area, Shade&& shade) {
    for (int y = area.y; y < area.y + area.height; ++y) {
      for (int x = area.x; x < area.x + area.width; ++x) {
        const auto [colour, share] = shade(x + 0.5, y + 0.5);
        if (share > 0) blend(x, y, colour, share);
      }
    }
  }

  void box(const Rect& box, double corner, Rgb colour, float share = 1);
  void text(std::string_view text, int x, int y, int height, double thickness, Rgb colour);

  // As a frame of the same size (even on both sides) in YUV 4:2:0.
  FramePtr to_frame() const;

 private:
  std::size_t index(int x, int y) const { return static_cast<std::size_t>(y * width_ + x); }

  int width_;
  int height_;
  std::vector<Rgb> pixels_;
};

// An empty frame with buffers of its own.
FramePtr make_picture(int width, int height);

}  // namespace porthole::media
