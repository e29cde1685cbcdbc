// Decodes packets of one video stream to pictures.
#pragma once

#include <algorithm>
#include <string>
#include <utility>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "media/ffmpeg_ptr.hpp"

namespace porthole::media {

class Decoder {
 public:
  // For a stream that a demuxer describes. The error is text for people.
  static Result<Decoder, std::string> open(const AVCodecParameters& stream, AVRational time_base);
  // For H.264 in Annex B form, whose parameter sets come with its keyframes, without B-frames.
  static Result<Decoder, std::string> open_h264();

  // Decodes one packet and calls `take(const AVFrame&)` for each picture that is ready. nullptr drains the
  // decoder at a stream's end; it can then start anew. A damaged packet yields no picture: false.
  template <class Take>
  bool decode(const AVPacket* packet, Take&& take) {
    const bool sent = avcodec_send_packet(context_.get(), packet) >= 0;
    while (avcodec_receive_frame(context_.get(), picture_.get()) >= 0) {
      take(std::as_const(*picture_));
      av_frame_unref(picture_.get());
    }
    if (packet == nullptr) avcodec_flush_buffers(context_.get());
    return sent;
  }

  // The same for one access unit in Annex B form.
  template <class Take>
  bool decode(Bytes access_unit, Take&& take) {
    av_packet_unref(packet_.get());
    if (av_new_packet(packet_.get(), static_cast<int>(access_unit.size())) < 0) return false;
    std::ranges::copy(access_unit, packet_->data);
    return decode(packet_.get(), std::forward<Take>(take));
  }

 private:
  explicit Decoder(CodecPtr context) : context_(std::move(context)) {}

  CodecPtr context_;
  FramePtr picture_ = make_frame();
  PacketPtr packet_ = make_packet();
};

}  // namespace porthole::media
