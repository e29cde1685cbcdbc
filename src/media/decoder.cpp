#include "media/decoder.hpp"

#include "media/ffmpeg_log.hpp"

namespace porthole::media {
namespace {

Result<CodecPtr, std::string> make_context(AVCodecID codec) {
  silence_ffmpeg();
  const AVCodec* decoder = avcodec_find_decoder(codec);
  if (decoder == nullptr) return fail(std::string("this FFmpeg cannot decode ") + avcodec_get_name(codec));
  CodecPtr context = owned<CodecPtr>(avcodec_alloc_context3(decoder));
  // Threads that each decode a frame of their own would hold pictures back.
  context->thread_type = FF_THREAD_SLICE;
  context->thread_count = 1;
  return context;
}

std::string cannot_start(AVCodecID codec, int error) {
  return std::string("cannot decode ") + avcodec_get_name(codec) + ": " + error_text(error);
}

}  // namespace

Result<Decoder, std::string> Decoder::open(const AVCodecParameters& stream, AVRational time_base) {
  auto context = make_context(stream.codec_id);
  if (!context) return fail(context.error());
  avcodec_parameters_to_context(context->get(), &stream);
  (*context)->pkt_timebase = time_base;
  const int opened = avcodec_open2(context->get(), nullptr, nullptr);
  if (opened < 0) return fail(cannot_start(stream.codec_id, opened));
  return Decoder(std::move(*context));
}

Result<Decoder, std::string> Decoder::open_h264() {
  auto context = make_context(AV_CODEC_ID_H264);
  if (!context) return fail(context.error());
  (*context)->flags |= AV_CODEC_FLAG_LOW_DELAY;
  const int opened = avcodec_open2(context->get(), nullptr, nullptr);
  if (opened < 0) return fail(cannot_start(AV_CODEC_ID_H264, opened));
  return Decoder(std::move(*context));
}

}  // namespace porthole::media
