// Owners of FFmpeg's objects, and its error codes as text.
#pragma once

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavcodec/bsf.h>
#include <libavformat/avformat.h>
#include <libswscale/swscale.h>
}

#include <array>
#include <chrono>
#include <memory>
#include <new>
#include <string>

#include "base/time.hpp"

namespace porthole::media {

struct FfmpegDeleter {
  void operator()(AVFrame* frame) const { av_frame_free(&frame); }
  void operator()(AVPacket* packet) const { av_packet_free(&packet); }
  void operator()(AVCodecContext* codec) const { avcodec_free_context(&codec); }
  void operator()(AVFormatContext* input) const { avformat_close_input(&input); }
  void operator()(AVBSFContext* filter) const { av_bsf_free(&filter); }
  void operator()(SwsContext* scaler) const { sws_freeContext(scaler); }
};

using FramePtr = std::unique_ptr<AVFrame, FfmpegDeleter>;
using PacketPtr = std::unique_ptr<AVPacket, FfmpegDeleter>;
using CodecPtr = std::unique_ptr<AVCodecContext, FfmpegDeleter>;
using InputPtr = std::unique_ptr<AVFormatContext, FfmpegDeleter>;
using BitstreamFilterPtr = std::unique_ptr<AVBSFContext, FfmpegDeleter>;
using ScalerPtr = std::unique_ptr<SwsContext, FfmpegDeleter>;

// FFmpeg's constructors fail only when memory is out.
template <class Pointer>
Pointer owned(typename Pointer::pointer object) {
  if (object == nullptr) throw std::bad_alloc();
  return Pointer(object);
}
inline FramePtr make_frame() {
  return owned<FramePtr>(av_frame_alloc());
}
inline PacketPtr make_packet() {
  return owned<PacketPtr>(av_packet_alloc());
}

// Options on their way into an open call, which takes out those that it knows.
class Options {
 public:
  Options() = default;
  Options(const Options&) = delete;
  Options& operator=(const Options&) = delete;
  ~Options() { av_dict_free(&entries_); }

  void set(const std::string& key, const std::string& value) {
    av_dict_set(&entries_, key.c_str(), value.c_str(), 0);
  }
  AVDictionary** get() { return &entries_; }

 private:
  AVDictionary* entries_ = nullptr;
};

inline std::string error_text(int code) {
  std::array<char, AV_ERROR_MAX_STRING_SIZE> text{};
  av_strerror(code, text.data(), text.size());
  return text.data();
}

inline Duration to_duration(std::int64_t ticks, AVRational time_base) {
  return Duration(av_rescale_q(ticks, time_base, AVRational{1, 1'000'000'000}));
}

// A frame rate that can be trusted to divide by: what streams claim ranges from 0/0 to 90000/1.
inline Duration frame_interval(AVRational frame_rate) {
  return to_duration(1, av_inv_q(frame_rate));
}

}  // namespace porthole::media
