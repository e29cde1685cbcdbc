#include "media/encoder.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

extern "C" {
#include <libavutil/opt.h>
}

#include "media/ffmpeg_log.hpp"

namespace porthole::media {
namespace {

constexpr double kReferenceBitrate = 2'500'000;
constexpr double kReferencePixelRate = 1280.0 * 720 * 30;
constexpr double kMinBitrate = 150'000;
constexpr double kMaxBitrate = 8'000'000;

// A new viewer begins at a cached keyframe, so this is how much it must catch up with at most.
constexpr int kKeyframeSeconds = 2;

// How many frames' worth of bits one frame may take in H.264. Keyframes as small as other frames look bad,
// and big ones are a burst that a thin uplink delivers late: six frames are 200 ms of the bitrate.
constexpr int kBurstFrames = 6;

// Above this one thread cannot keep up on an ordinary core.
constexpr double kPixelRatePerThread = 1280.0 * 720 * 60;

// x264 may exceed the bitrate by this for moments. Without it, it stays well below on average.
constexpr double kPeak = 1.2;

// libvpx: a keyframe takes at most this many per cent of an average frame's bits.
constexpr int kMaxVp8KeyframePercent = 800;

double pixel_rate(int width, int height, AVRational frame_rate) {
  return static_cast<double>(width) * height * av_q2d(frame_rate);
}

// The whole number of frames per second that keyframe distances are counted in.
int rounded_rate(AVRational frame_rate) {
  return std::max(1, static_cast<int>(std::lround(av_q2d(frame_rate))));
}

}  // namespace

std::int64_t bitrate_for(int width, int height, AVRational frame_rate) {
  const double share = pixel_rate(width, height, frame_rate) / kReferencePixelRate;
  return std::lround(std::clamp(kReferenceBitrate * std::pow(share, 0.75), kMinBitrate, kMaxBitrate));
}

VideoEncoder::VideoEncoder(VideoCodec codec, const EncoderSettings& settings, CodecPtr context)
    : codec_(codec), settings_(settings), context_(std::move(context)) {}

Result<VideoEncoder, std::string> VideoEncoder::h264(const EncoderSettings& settings) {
  Options options;
  options.set("preset", "superfast");
  options.set("tune", "zerolatency");
  options.set("profile", "baseline");
  options.set("forced-idr", "1");  // A keyframe that is asked for is an IDR, not just an I picture.
  // x264's baseline never uses FMO, ASO or redundant slices, so it sets constraint_set1: constrained
  // baseline. Its VUI says max_num_reorder_frames=0, which keeps decoders from holding pictures back.
  options.set("x264-params", "scenecut=0:intra-refresh=0:force-cfr=1");
  return open(VideoCodec::h264, "libx264", settings, options);
}

Result<VideoEncoder, std::string> VideoEncoder::vp8(const EncoderSettings& settings) {
  Options options;
  options.set("deadline", "realtime");
  options.set("cpu-used", "12");
  options.set("lag-in-frames", "0");
  options.set("auto-alt-ref", "0");
  options.set("error-resilient", "default");
  options.set("static-thresh", "100");
  options.set("max-intra-rate", std::to_string(kMaxVp8KeyframePercent));
  options.set("qmin", "4");
  options.set("qmax", "56");
  return open(VideoCodec::vp8, "libvpx", settings, options);
}

Result<VideoEncoder, std::string> VideoEncoder::open(VideoCodec codec, const char* library,
                                                     const EncoderSettings& settings, Options& options) {
  silence_ffmpeg();
  const AVCodec* encoder = avcodec_find_encoder_by_name(library);
  if (encoder == nullptr) return fail("this FFmpeg was built without " + std::string(library));
  CodecPtr context = owned<CodecPtr>(avcodec_alloc_context3(encoder));
  context->width = settings.width;
  context->height = settings.height;
  context->pix_fmt = AV_PIX_FMT_YUV420P;
  context->color_range = AVCOL_RANGE_MPEG;
  context->time_base = av_inv_q(settings.frame_rate);
  context->framerate = settings.frame_rate;
  context->gop_size = kKeyframeSeconds * rounded_rate(settings.frame_rate);
  context->max_b_frames = 0;
  context->thread_count =
      pixel_rate(settings.width, settings.height, settings.frame_rate) > kPixelRatePerThread ? 2 : 1;
  context->bit_rate = settings.bits_per_second;
  context->rc_max_rate = std::lround(static_cast<double>(settings.bits_per_second) * kPeak);
  if (codec == VideoCodec::vp8) {  // All three equal: CBR.
    context->rc_min_rate = context->rc_max_rate = settings.bits_per_second;
  }
  context->rc_buffer_size =
      static_cast<int>(settings.bits_per_second * kBurstFrames / rounded_rate(settings.frame_rate));
  const int opened = avcodec_open2(context.get(), encoder, options.get());
  if (opened < 0) return fail("cannot start " + std::string(library) + ": " + error_text(opened));
  return VideoEncoder(codec, settings, std::move(context));
}

std::shared_ptr<const EncodedFrame> VideoEncoder::encode(const AVFrame& picture, Duration pts,
                                                         bool keyframe) {
  av_frame_unref(input_.get());
  if (av_frame_ref(input_.get(), &picture) < 0) return nullptr;
  input_->pts = pictures_++;
  input_->pict_type = keyframe ? AV_PICTURE_TYPE_I : AV_PICTURE_TYPE_NONE;
  const int sent = avcodec_send_frame(context_.get(), input_.get());
  av_frame_unref(input_.get());
  if (sent < 0 || avcodec_receive_packet(context_.get(), output_.get()) < 0) return nullptr;
  auto frame = std::make_shared<EncodedFrame>();
  frame->codec = codec_;
  frame->keyframe = (output_->flags & AV_PKT_FLAG_KEY) != 0;
  frame->pts = pts;
  frame->bytes.assign(output_->data, output_->data + output_->size);
  av_packet_unref(output_.get());
  return frame;
}

}  // namespace porthole::media
