#include "media/demuxer.hpp"

extern "C" {
#include <libavdevice/avdevice.h>
}

#include <algorithm>
#include <string_view>
#include <utility>

#include "media/ffmpeg_log.hpp"
#include "media/h264_bitstream.hpp"

namespace porthole::media {
namespace {

// Live streams: what is read before the first frame goes out makes viewers wait, so look at little.
constexpr const char* kLiveAnalysisMicroseconds = "400000";
constexpr const char* kLiveProbeBytes = "1000000";

// Packets of a file in which B-frames are looked for.
constexpr std::size_t kMaxLookAhead = 60;

// A camera without a picture is asked again after this.
constexpr Duration kCameraPoll = 3ms;

// Frame rates beyond these are mistakes of containers.
constexpr AVRational kAssumedFrameRate{30, 1};
constexpr int kMaxSaneFrameRate = 240;

// Cameras offer their best picture compressed; what they lack, they refuse. Empty: whatever it likes.
constexpr const char* kCameraFormats[] = {"h264", "mjpeg", ""};

bool has_name(const AVInputFormat* format, std::string_view name) {
  return std::string_view(format->name).find(name) != std::string_view::npos;
}

}  // namespace

Result<std::unique_ptr<Demuxer>, std::string> Demuxer::open(const SourceUrl& url, std::stop_token stop) {
  take_ffmpeg_complaint();
  std::unique_ptr<Demuxer> demuxer(new Demuxer(url, std::move(stop)));
  demuxer->patience_.deadline = std::chrono::steady_clock::now() + kOpenTimeout;
  int opened = url.kind == SourceUrl::Kind::camera ? demuxer->open_camera() : demuxer->open_input();
  if (opened < 0) return fail(open_error(url, opened, take_ffmpeg_complaint()));
  opened = demuxer->choose_video();
  if (opened == AVERROR_STREAM_NOT_FOUND) {
    return fail("cannot use " + url.display() + ": it has no video; choose a source with video");
  }
  if (opened < 0) return fail(open_error(url, opened, take_ffmpeg_complaint()));
  return demuxer;
}

int Demuxer::try_input(const AVInputFormat* format, Options& options) {
  AVFormatContext* context = avformat_alloc_context();
  if (context == nullptr) throw std::bad_alloc();
  context->interrupt_callback.callback = [](void* patience) {
    return static_cast<const Patience*>(patience)->is_over() ? 1 : 0;
  };
  context->interrupt_callback.opaque = &patience_;
  if (url_.kind == SourceUrl::Kind::camera) context->flags |= AVFMT_FLAG_NONBLOCK;
  // Frees the context where it fails.
  const int opened = avformat_open_input(&context, url_.target.c_str(), format, options.get());
  if (opened >= 0) input_.reset(context);
  return opened;
}

int Demuxer::open_input() {
  Options options;
  if (url_.kind == SourceUrl::Kind::live) {
    options.set("analyzeduration", kLiveAnalysisMicroseconds);
    options.set("probesize", kLiveProbeBytes);
  }
  if (url_.is_rtsp()) {
    options.set("rtsp_transport", "tcp");  // One connection through any firewall, and nothing is lost.
    options.set("allowed_media_types", "video");
  }
  const int opened = try_input(nullptr, options);
  if (opened < 0) return opened;
  const int found = avformat_find_stream_info(input_.get(), nullptr);
  if (found < 0) return found;
  const bool has_end = input_->duration > 0;
  const bool in_segments = has_name(input_->iformat, "hls") || has_name(input_->iformat, "dash");
  const bool remote = url_.kind == SourceUrl::Kind::remote;
  loops_ = url_.kind == SourceUrl::Kind::file || (remote && has_end);
  paced_ = loops_ || (remote && in_segments);
  return patience_.is_over() ? AVERROR_EXIT : 0;
}

// A camera tells everything at once: looking for stream info would only spin until its first picture.
int Demuxer::open_camera() {
  avdevice_register_all();
  const AVInputFormat* v4l2 = av_find_input_format("v4l2");
  if (v4l2 == nullptr) return AVERROR_DEMUXER_NOT_FOUND;
  int opened = 0;
  for (const char* const format : kCameraFormats) {
    Options options;
    options.set("video_size", "1280x720");  // The driver takes the nearest that it has.
    options.set("framerate", "30");
    if (*format != '\0') options.set("input_format", format);
    for (const auto& [key, value] : url_.options) options.set(key, value);
    opened = try_input(v4l2, options);
    if (opened >= 0 || opened == AVERROR(ENOENT) || opened == AVERROR(EACCES) || opened == AVERROR(EBUSY))
      break;
  }
  return opened;
}

int Demuxer::choose_video() {
  const int index = av_find_best_stream(input_.get(), AVMEDIA_TYPE_VIDEO, -1, -1, nullptr, 0);
  if (index < 0) return AVERROR_STREAM_NOT_FOUND;
  for (unsigned i = 0; i < input_->nb_streams; ++i) {
    const bool chosen = i == static_cast<unsigned>(index);
    input_->streams[i]->discard = chosen ? AVDISCARD_DEFAULT : AVDISCARD_ALL;
  }
  video_ = input_->streams[index];
  const AVRational guess = av_guess_frame_rate(input_.get(), video_, nullptr);
  const bool sane =
      guess.num > 0 && guess.den > 0 && av_q2d(guess) >= 1 && av_q2d(guess) <= kMaxSaneFrameRate;
  frame_rate_ = sane ? guess : kAssumedFrameRate;
  if (video_->codecpar->codec_id != AV_CODEC_ID_H264) return 0;
  AVBSFContext* filter = nullptr;
  const int found = av_bsf_alloc(av_bsf_get_by_name("h264_mp4toannexb"), &filter);
  if (found < 0) return found;
  to_annex_b_.reset(filter);
  const int copied = avcodec_parameters_copy(filter->par_in, video_->codecpar);
  if (copied < 0) return copied;
  filter->time_base_in = video_->time_base;
  return av_bsf_init(filter);
}

const AVCodecParameters& Demuxer::parameters() const {
  return to_annex_b_ ? *to_annex_b_->par_out : *video_->codecpar;
}

bool Demuxer::has_reordering() {
  if (video_->codecpar->video_delay > 0) return true;
  if (!paced_ || !to_annex_b_) return false;
  while (looked_ahead_.size() < kMaxLookAhead) {
    PacketPtr packet = make_packet();
    if (read_from_input(*packet) < 0) break;
    looked_ahead_.push_back(std::move(packet));
  }
  return std::ranges::any_of(looked_ahead_, [](const PacketPtr& packet) {
    return inspect({packet->data, static_cast<std::size_t>(packet->size)}).has_b_slice;
  });
}

int Demuxer::read(AVPacket& packet) {
  av_packet_unref(&packet);
  if (looked_ahead_.empty()) return read_from_input(packet);
  av_packet_move_ref(&packet, looked_ahead_.front().get());
  looked_ahead_.pop_front();
  return 0;
}

int Demuxer::read_from_input(AVPacket& packet) {
  patience_.deadline = std::chrono::steady_clock::now() + kReadTimeout;
  for (;;) {
    if (to_annex_b_ && av_bsf_receive_packet(to_annex_b_.get(), &packet) >= 0) return 0;
    if (patience_.is_over()) return AVERROR_EXIT;
    const int read = av_read_frame(input_.get(), &packet);
    if (read == AVERROR(EAGAIN)) {
      sleep_until(std::chrono::steady_clock::now() + kCameraPoll, patience_.stop);
      continue;
    }
    if (read < 0) return read;
    if (packet.stream_index != video_->index || (packet.flags & AV_PKT_FLAG_CORRUPT) != 0) {
      av_packet_unref(&packet);
      continue;
    }
    if (!to_annex_b_) return 0;
    // The filter takes the packet over; one that it refuses is damaged and left out.
    if (av_bsf_send_packet(to_annex_b_.get(), &packet) < 0) av_packet_unref(&packet);
  }
}

std::string Demuxer::read_error(int code) const {
  if (code == AVERROR_EOF) return "the stream ended";
  if (code == AVERROR_EXIT) return "nothing came for 10 s";
  return url_.redact(error_text(code));
}

bool Demuxer::rewind() {
  looked_ahead_.clear();
  if (to_annex_b_) av_bsf_flush(to_annex_b_.get());
  // Where times are missing or jump, only the position in the file is certain.
  const bool by_byte = (input_->iformat->flags & (AVFMT_NOTIMESTAMPS | AVFMT_TS_DISCONT)) != 0 ||
                       input_->start_time == AV_NOPTS_VALUE;
  if (by_byte) return av_seek_frame(input_.get(), -1, 0, AVSEEK_FLAG_BYTE) >= 0;
  return av_seek_frame(input_.get(), -1, input_->start_time, AVSEEK_FLAG_BACKWARD) >= 0;
}

}  // namespace porthole::media
