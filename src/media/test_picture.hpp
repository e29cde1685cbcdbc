// Draws the test pattern: only what moves is drawn again for each picture.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "media/backdrop.hpp"
#include "media/font.hpp"
#include "media/picture_code.hpp"
#include "media/sea.hpp"

namespace porthole::media {

constexpr int kPatternFramesPerSecond = 30;

class TestPicture {
 public:
  TestPicture();

  // Draws the picture that shows `code` and returns it. The frame belongs to this object and is drawn over
  // by the next call, unless the caller has taken a reference (av_frame_ref): then that one stays as it is.
  const AVFrame& draw(const PictureCode& code);

 private:
  // Glyphs of one size, and the text that stands in the picture now: most characters stay as they are.
  struct TextField {
    Rect area;
    std::array<GlyphMask, 128> glyphs;  // Of its alphabet only.
    std::string shown;
  };

  static TextField make_field(const Rect& area, double thickness, std::string_view alphabet);
  void draw_text(TextField& field, std::string_view text);
  void draw_code(const PictureCode& code);
  void draw_ball(double seconds);
  // Copies a part of the backdrop over the picture.
  void restore(const Rect& area);

  // Constant after construction.
  FramePtr backdrop_;
  Sea sea_;
  GlyphMask ball_;

  // The picture as drawn last, and what is in it.
  FramePtr frame_;
  CodeCells cells_{};
  TextField clock_;
  TextField frame_number_;
  Rect ball_area_{};
};

}  // namespace porthole::media
