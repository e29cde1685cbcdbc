#include "media/test_picture.hpp"

#include <cstring>
#include <numbers>

namespace porthole::media {
namespace {

constexpr int kCell = kPatternWidth / kCodeGridColumns;
static_assert(kCell == kPatternHeight / kCodeGridRows && kCell % 2 == 0);
constexpr std::uint8_t kBlack = 16;
constexpr std::uint8_t kWhite = 235;
constexpr int kBallSize = 32;

// The last `digits` digits of a number, with leading zeros.
std::string padded(std::uint64_t number, std::size_t digits) {
  std::string text = std::to_string(number);
  if (text.size() < digits) text.insert(0, digits - text.size(), '0');
  return text.substr(text.size() - digits);
}

std::string clock_text(std::uint64_t unix_milliseconds) {
  const std::uint64_t seconds = unix_milliseconds / 1000;
  return padded(seconds / 3600 % 24, 2) + ":" + padded(seconds / 60 % 60, 2) + ":" + padded(seconds % 60, 2) +
         "." + padded(unix_milliseconds % 1000, 3);
}

GlyphMask make_ball() {
  GlyphMask ball{kBallSize, kBallSize, {}};
  for (int y = 0; y < kBallSize; ++y) {
    for (int x = 0; x < kBallSize; ++x) {
      const double radius = std::hypot(x + 0.5 - kBallSize / 2.0, y + 0.5 - kBallSize / 2.0);
      ball.ink.push_back(static_cast<std::uint8_t>(255 * coverage(radius - kBallSize / 2.0 + 1)));
    }
  }
  return ball;
}

// Brightness alone: the colour below shines through, and the half-size colour planes stay untouched.
void blend_white(AVFrame& frame, const GlyphMask& mask, int x, int y) {
  const std::uint8_t* ink = mask.ink.data();
  for (int row = 0; row < mask.height; ++row) {
    std::uint8_t* pixel = frame.data[0] + (y + row) * frame.linesize[0] + x;
    for (int column = 0; column < mask.width; ++column, ++pixel, ++ink) {
      *pixel = static_cast<std::uint8_t>(*pixel + (kWhite - *pixel) * *ink / 255);
    }
  }
}

}  // namespace

TestPicture::TestPicture()
    : backdrop_(paint_backdrop().to_frame()),
      ball_(make_ball()),
      frame_(make_picture(kPatternWidth, kPatternHeight)),
      clock_(make_field(kClockArea, 7, "0123456789:.")),
      frame_number_(make_field(kFrameArea, 3.6, "0123456789 FRAME")) {
  restore({0, 0, kPatternWidth, kPatternHeight});
}

TestPicture::TextField TestPicture::make_field(const Rect& area, double thickness,
                                               std::string_view alphabet) {
  TextField field{area, {}, {}};
  for (const char character : alphabet) {
    field.glyphs.at(static_cast<std::size_t>(character)) = render_glyph(character, area.height, thickness);
  }
  return field;
}

const AVFrame& TestPicture::draw(const PictureCode& code) {
  if (av_frame_make_writable(frame_.get()) < 0) throw std::bad_alloc();
  const double seconds = static_cast<double>(code.frame) / kPatternFramesPerSecond;
  restore(Sea::sky());
  sea_.draw(*frame_, seconds);
  draw_ball(seconds);
  draw_text(clock_, clock_text(code.unix_milliseconds));
  draw_text(frame_number_, "FRAME " + padded(code.frame, 7));
  draw_code(code);
  return *frame_;
}

void TestPicture::draw_text(TextField& field, std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (i < field.shown.size() && field.shown[i] == text[i]) continue;
    const GlyphMask& glyph = field.glyphs[static_cast<std::size_t>(text[i]) % field.glyphs.size()];
    const int x = field.area.x + static_cast<int>(i) * glyph.width;
    restore({x, field.area.y, glyph.width, glyph.height});
    blend_white(*frame_, glyph, x, field.area.y);
  }
  field.shown = text;
}

void TestPicture::draw_code(const PictureCode& code) {
  const CodeCells cells = picture_code_cells(code);
  for (int cell = 0; cell < kCodeCells; ++cell) {
    const bool white = cells[static_cast<std::size_t>(cell)];
    if (white == cells_[static_cast<std::size_t>(cell)]) continue;
    const int x = (kCodeFirstColumn + cell % kCodeColumns) * kCell;
    const int y = cell / kCodeColumns * kCell;
    for (int row = 0; row < kCell; ++row) {
      std::memset(frame_->data[0] + (y + row) * frame_->linesize[0] + x, white ? kWhite : kBlack, kCell);
    }
  }
  cells_ = cells;
}

void TestPicture::draw_ball(double seconds) {
  // There and back in two seconds at an even speed: a picture that is late or missing shows as a jerk.
  const double phase = seconds / 2 - std::floor(seconds / 2);
  const double along = phase < 0.5 ? 2 * phase : 2 - 2 * phase;
  restore(ball_area_);
  ball_area_ = {kTrackArea.x + static_cast<int>(std::lround(along * (kTrackArea.width - kBallSize))),
                kTrackArea.y + (kTrackArea.height - kBallSize) / 2, kBallSize, kBallSize};
  blend_white(*frame_, ball_, ball_area_.x, ball_area_.y);
}

void TestPicture::restore(const Rect& area) {
  for (const int plane : {0, 1, 2}) {
    const int shift = plane == 0 ? 0 : 1;
    const int left = area.x >> shift;
    const int width = ((area.x + area.width + shift) >> shift) - left;
    for (int y = area.y >> shift; y < (area.y + area.height + shift) >> shift; ++y) {
      std::memcpy(frame_->data[plane] + y * frame_->linesize[plane] + left,
                  backdrop_->data[plane] + y * backdrop_->linesize[plane] + left,
                  static_cast<std::size_t>(width));
    }
  }
}

}  // namespace porthole::media
