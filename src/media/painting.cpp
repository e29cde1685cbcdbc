#include "media/painting.hpp"

#include <utility>

#include "media/font.hpp"

namespace porthole::media {

namespace {

double luma_of(const Rgb& colour) {
  return 0.2126 * colour.r + 0.7152 * colour.g + 0.0722 * colour.b;
}

// Of a colour within 0..1, as all in a painting are.
std::uint8_t luma_byte(const Rgb& colour) {
  return static_cast<std::uint8_t>(16.5 + 219 * luma_of(colour));
}

}  // namespace

Yuv to_yuv(Rgb colour) {
  const auto byte = [](double value) {
    return static_cast<std::uint8_t>(std::clamp(std::lround(value), 0L, 255L));
  };
  const double y = luma_of(colour);
  return {luma_byte(colour), byte(128 + 224 * (colour.b - y) / 1.8556),
          byte(128 + 224 * (colour.r - y) / 1.5748)};
}

double distance_to_box(double x, double y, const Rect& box, double corner) {
  const double dx = std::abs(x - box.x - box.width / 2.0) - box.width / 2.0 + corner;
  const double dy = std::abs(y - box.y - box.height / 2.0) - box.height / 2.0 + corner;
  return std::hypot(std::max(dx, 0.0), std::max(dy, 0.0)) + std::min(std::max(dx, dy), 0.0) - corner;
}

Painting::Painting(int width, int height)
    : width_(width),
      height_(height),
      pixels_(static_cast<std::size_t>(width) * static_cast<std::size_t>(height)) {}

void Painting::box(const Rect& box, double corner, Rgb colour, float share) {
  paint(box, [&](double x, double y) {
    return std::pair(colour, share * coverage(distance_to_box(x, y, box, corner)));
  });
}

void Painting::text(std::string_view text, int x, int y, int height, double thickness, Rgb colour) {
  for (const char character : text) {
    const GlyphMask glyph = render_glyph(character, height, thickness);
    paint({x, y, glyph.width, glyph.height}, [&](double px, double py) {
      const auto at =
          static_cast<std::size_t>((static_cast<int>(py) - y) * glyph.width + static_cast<int>(px) - x);
      return std::pair(colour, static_cast<float>(glyph.ink[at]) / 255);
    });
    x += glyph.width;
  }
}

FramePtr Painting::to_frame() const {
  FramePtr frame = make_picture(width_, height_);
  for (int y = 0; y < height_; y += 2) {
    for (int x = 0; x < width_; x += 2) {
      Rgb sum;
      for (const auto& [px, py] : {std::pair(x, y), {x + 1, y}, {x, y + 1}, {x + 1, y + 1}}) {
        frame->data[0][py * frame->linesize[0] + px] = luma_byte(at(px, py));
        sum = sum + at(px, py);
      }
      const Yuv average = to_yuv(sum * 0.25F);
      frame->data[1][y / 2 * frame->linesize[1] + x / 2] = average.u;
      frame->data[2][y / 2 * frame->linesize[2] + x / 2] = average.v;
    }
  }
  return frame;
}

FramePtr make_picture(int width, int height) {
  FramePtr frame = make_frame();
  frame->format = AV_PIX_FMT_YUV420P;
  frame->width = width;
  frame->height = height;
  if (av_frame_get_buffer(frame.get(), 0) < 0) throw std::bad_alloc();
  return frame;
}

}  // namespace porthole::media
