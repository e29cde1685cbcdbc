#include "media/scaler.hpp"

#include <algorithm>
#include <utility>

#include "media/painting.hpp"

namespace porthole::media {
namespace {

constexpr int kMinSide = 16;  // Encoders refuse less.

// Rounds down: nothing is enlarged. The little more is for 1919.9999.
int even(double value) {
  return std::max(kMinSide, static_cast<int>(value / 2 + 1e-6) * 2);
}

}  // namespace

Size encoded_size(const AVFrame& picture, Size limit) {
  double width = picture.width;
  double height = picture.height;
  const AVRational shape = picture.sample_aspect_ratio;
  if (shape.num > 0 && shape.den > 0) width *= std::clamp(av_q2d(shape), 0.25, 4.0);
  if (height > width) std::swap(limit.width, limit.height);
  const double scale = std::min({1.0, limit.width / width, limit.height / height});
  return {even(width * scale), even(height * scale)};
}

const AVFrame* Scaler::scale(const AVFrame& picture, Size size) {
  if (picture.format == AV_PIX_FMT_YUV420P && Size{picture.width, picture.height} == size &&
      picture.color_range != AVCOL_RANGE_JPEG && picture.buf[0] != nullptr) {
    return &picture;
  }
  context_.reset(sws_getCachedContext(context_.release(), picture.width, picture.height,
                                      static_cast<AVPixelFormat>(picture.format), size.width, size.height,
                                      AV_PIX_FMT_YUV420P, SWS_BILINEAR, nullptr, nullptr, nullptr));
  if (!context_) return nullptr;
  if (!scaled_ || Size{scaled_->width, scaled_->height} != size) {
    scaled_ = make_picture(size.width, size.height);
  }
  // Whoever still encodes the picture before keeps it; then these are new buffers.
  if (av_frame_make_writable(scaled_.get()) < 0) return nullptr;
  const int rows = sws_scale(context_.get(), picture.data, picture.linesize, 0, picture.height, scaled_->data,
                             scaled_->linesize);
  return rows > 0 ? scaled_.get() : nullptr;
}

}  // namespace porthole::media
