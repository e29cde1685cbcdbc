// Encoders for live video: one picture in, one frame out, nothing held back.
#pragma once

#include <memory>
#include <string>

#include "base/frame.hpp"
#include "base/result.hpp"
#include "media/ffmpeg_ptr.hpp"

namespace porthole::media {

struct EncoderSettings {
  int width = 0;  // Even, as is the height.
  int height = 0;
  AVRational frame_rate{30, 1};
  std::int64_t bits_per_second = 0;
};

// What a picture of this size needs to look decent: 2.5 Mbit/s at 1280x720 and 30 frames/s; bigger pictures
// need less per pixel.
std::int64_t bitrate_for(int width, int height, AVRational frame_rate);

class VideoEncoder {
 public:
  // H.264 constrained baseline (libx264, zero latency): no B-frames, SPS and PPS before every IDR, a
  // keyframe every two seconds. The error is text for people.
  static Result<VideoEncoder, std::string> h264(const EncoderSettings& settings);
  // VP8 (libvpx, realtime).
  static Result<VideoEncoder, std::string> vp8(const EncoderSettings& settings);

  // `picture` is YUV 4:2:0 of the encoder's size with counted buffers; only a reference is taken. nullptr
  // where the encoder made nothing of it. `pts` must grow.
  std::shared_ptr<const EncodedFrame> encode(const AVFrame& picture, Duration pts, bool keyframe);

  const EncoderSettings& settings() const { return settings_; }

 private:
  VideoEncoder(VideoCodec codec, const EncoderSettings& settings, CodecPtr context);
  static Result<VideoEncoder, std::string> open(VideoCodec codec, const char* library,
                                                const EncoderSettings& settings, Options& options);

  VideoCodec codec_;
  EncoderSettings settings_;
  CodecPtr context_;
  FramePtr input_ = make_frame();
  PacketPtr output_ = make_packet();
  // The encoder counts pictures, so that its rate control is even where arrival times are not.
  std::int64_t pictures_ = 0;
};

}  // namespace porthole::media
