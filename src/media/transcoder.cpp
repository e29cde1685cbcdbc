#include "media/transcoder.hpp"

#include <utility>

namespace porthole::media {
namespace {

constexpr AVRational kMaxFrameRate{kMaxEncodedFramesPerSecond, 1};

// Pictures that come this much too early for the highest frame rate are still taken: arrival times jitter.
constexpr Duration kJitter = 4ms;

// A machine that cannot encode a film in real time shows ten pictures a second rather than slow motion.
constexpr Duration kOverloadedStep = 100ms;

}  // namespace

Result<std::unique_ptr<FramePath>, std::string> Transcoder::open(const Demuxer& demuxer, Output& output) {
  auto decoder = Decoder::open(demuxer.parameters(), demuxer.time_base());
  if (!decoder) return fail(decoder.error());
  return std::unique_ptr<FramePath>(new Transcoder(demuxer, output, std::move(*decoder)));
}

Transcoder::Transcoder(const Demuxer& demuxer, Output& output, Decoder decoder)
    : output_(output),
      time_base_(demuxer.time_base()),
      frame_rate_(av_cmp_q(demuxer.frame_rate(), kMaxFrameRate) > 0 ? kMaxFrameRate : demuxer.frame_rate()),
      codec_(avcodec_get_name(demuxer.parameters().codec_id)),
      decoder_(std::move(decoder)) {}

FramePath::Outcome Transcoder::handle(const AVPacket& packet) {
  return decode(&packet);
}

FramePath::Outcome Transcoder::drain() {
  const Outcome outcome = decode(nullptr);
  last_time_.reset();
  return outcome;
}

FramePath::Outcome Transcoder::decode(const AVPacket* packet) {
  Outcome outcome = Outcome::ok;
  decoder_.decode(packet, [&](const AVFrame& picture) {
    if (outcome == Outcome::ok) outcome = encode(picture);
  });
  return outcome;
}

FramePath::Outcome Transcoder::encode(const AVFrame& picture) {
  const Duration pts = output_.timeline.map(time_of(picture));
  const Duration step = output_.is_late(pts) ? kOverloadedStep : frame_interval(kMaxFrameRate) - kJitter;
  if (last_pts_ && pts < *last_pts_ + step) return Outcome::ok;
  last_pts_ = pts;
  const Size size = encoded_size(picture, kMaxEncodedSize);
  const AVFrame* scaled = scaler_.scale(picture, size);
  if (scaled == nullptr || !ensure_encoder(size)) return Outcome::ok;
  if (!output_.wait_for(pts)) return Outcome::stopped;
  auto frame = encoder_->encode(*scaled, pts, output_.keyframe_wanted.exchange(false));
  if (frame) output_.deliver(std::move(frame));
  output_.vp8.offer(*scaled, pts, frame_rate_);
  return Outcome::ok;
}

bool Transcoder::ensure_encoder(Size size) {
  if (encoder_ && Size{encoder_->settings().width, encoder_->settings().height} == size) return true;
  auto opened = VideoEncoder::h264(
      {size.width, size.height, frame_rate_, bitrate_for(size.width, size.height, frame_rate_)});
  if (!opened) return false;
  encoder_.emplace(std::move(*opened));
  output_.description =
      describe_picture(size.width, size.height, frame_rate_) + ", transcoded from " + codec_;
  return true;
}

Duration Transcoder::time_of(const AVFrame& picture) {
  if (picture.best_effort_timestamp != AV_NOPTS_VALUE) {
    last_time_ = to_duration(picture.best_effort_timestamp, time_base_);
  } else {
    last_time_ = last_time_ ? *last_time_ + frame_interval(frame_rate_) : Duration{};
  }
  return *last_time_;
}

}  // namespace porthole::media
