// Decodes whatever FFmpeg can decode and encodes it once as H.264 for all viewers.
#pragma once

#include <optional>

#include "media/decoder.hpp"
#include "media/encoder.hpp"
#include "media/frame_path.hpp"
#include "media/scaler.hpp"

namespace porthole::media {

// What is encoded is no bigger and no faster than this, whatever the source is.
constexpr Size kMaxEncodedSize{1920, 1080};
constexpr int kMaxEncodedFramesPerSecond = 60;

class Transcoder final : public FramePath {
 public:
  // The error is text for people.
  static Result<std::unique_ptr<FramePath>, std::string> open(const Demuxer& demuxer, Output& output);

  Outcome handle(const AVPacket& packet) override;
  Outcome drain() override;

 private:
  Transcoder(const Demuxer& demuxer, Output& output, Decoder decoder);
  Outcome decode(const AVPacket* packet);
  Outcome encode(const AVFrame& picture);
  bool ensure_encoder(Size size);
  Duration time_of(const AVFrame& picture);

  Output& output_;
  const AVRational time_base_;
  const AVRational frame_rate_;
  const char* const codec_;  // The source's, for the status.
  Decoder decoder_;
  Scaler scaler_;
  std::optional<VideoEncoder> encoder_;
  std::optional<Duration> last_time_;  // On the source's clock.
  std::optional<Duration> last_pts_;   // On the broadcast's timeline, of the last picture encoded.
};

}  // namespace porthole::media
