#include "media/frame_path.hpp"

#include <array>
#include <cstdio>
#include <utility>

namespace porthole::media {
namespace {

// A stream without an IDR for so long has none (it refreshes pictures bit by bit), and no viewer could join.
constexpr Duration kMaxIdrWait = 20s;

}  // namespace

bool can_pass_through(Demuxer& demuxer) {
  const AVCodecParameters& video = demuxer.parameters();
  if (video.codec_id != AV_CODEC_ID_H264) return false;
  const bool known = video.format != AV_PIX_FMT_NONE;
  if (known && video.format != AV_PIX_FMT_YUV420P && video.format != AV_PIX_FMT_YUVJ420P) return false;
  if (video.profile != FF_PROFILE_UNKNOWN && (video.profile & 0xff) > FF_PROFILE_H264_HIGH) return false;
  if (video.field_order != AV_FIELD_UNKNOWN && video.field_order != AV_FIELD_PROGRESSIVE) return false;
  return !demuxer.has_reordering();
}

PassThrough::PassThrough(const Demuxer& demuxer, Output& output)
    : output_(output), time_base_(demuxer.time_base()), frame_rate_(demuxer.frame_rate()) {
  const AVCodecParameters& video = demuxer.parameters();
  if (video.extradata != nullptr) {
    parameter_sets_.remember({video.extradata, static_cast<std::size_t>(video.extradata_size)});
  }
  output_.description = describe_picture(video.width, video.height, frame_rate_) + ", H.264 passed through";
}

FramePath::Outcome PassThrough::handle(const AVPacket& packet) {
  const Bytes bytes{packet.data, static_cast<std::size_t>(packet.size)};
  const AccessUnit unit = inspect(bytes);
  const bool backwards =
      packet.pts != AV_NOPTS_VALUE && packet.dts != AV_NOPTS_VALUE && packet.pts < packet.dts;
  if (unit.has_b_slice || backwards) return Outcome::needs_transcoding;
  if (unit.has_sps || unit.has_pps) parameter_sets_.remember(bytes);
  const Duration time = time_of(packet);
  auto frame = std::make_shared<EncodedFrame>();
  const bool complete = parameter_sets_.complete(bytes, unit, frame->bytes);
  if (!started_ && !(unit.idr && complete)) {
    if (!waiting_since_) waiting_since_ = time;
    return time - *waiting_since_ > kMaxIdrWait ? Outcome::needs_transcoding : Outcome::ok;
  }
  if (!complete) return Outcome::ok;
  started_ = true;
  frame->keyframe = unit.idr;
  frame->pts = output_.timeline.map(time);
  if (!output_.wait_for(frame->pts)) return Outcome::stopped;
  output_.deliver(frame);
  output_.vp8.offer(std::move(frame), frame_rate_);
  return Outcome::ok;
}

Duration PassThrough::time_of(const AVPacket& packet) {
  const std::int64_t ticks = packet.pts != AV_NOPTS_VALUE ? packet.pts : packet.dts;
  if (ticks != AV_NOPTS_VALUE) {
    last_time_ = to_duration(ticks, time_base_);
  } else {  // A bare H.264 file has no times.
    last_time_ = last_time_ ? *last_time_ + frame_interval(frame_rate_) : Duration{};
  }
  return *last_time_;
}

std::string describe_picture(int width, int height, AVRational frame_rate) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%dx%d at %.3g frames/s", width, height, av_q2d(frame_rate));
  return text.data();
}

}  // namespace porthole::media
