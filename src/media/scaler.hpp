// Brings any decoded picture to an encoder's size and pixel format.
#pragma once

#include "media/ffmpeg_ptr.hpp"

namespace porthole::media {

struct Size {
  int width = 0;
  int height = 0;

  bool operator==(const Size&) const = default;
};

// The size to encode a picture at: square pixels, even on both sides, within `limit` (turned where the
// picture is upright), never enlarged.
Size encoded_size(const AVFrame& picture, Size limit);

class Scaler {
 public:
  // The picture as YUV 4:2:0 of this size: `picture` itself where nothing is to be done, else a frame of its
  // own buffers. nullptr where the picture cannot be converted. Valid until the next call.
  const AVFrame* scale(const AVFrame& picture, Size size);

 private:
  ScalerPtr context_;
  FramePtr scaled_;
};

}  // namespace porthole::media
