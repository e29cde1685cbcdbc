#include "media/url_source.hpp"

#include <algorithm>
#include <utility>

#include "media/transcoder.hpp"

namespace porthole::media {
namespace {

// A source that played so long was well: its next pause is short again.
constexpr Duration kWell = 5s;

std::string seconds_text(Duration pause) {
  const auto tenths = std::chrono::duration_cast<std::chrono::milliseconds>(pause).count() / 100;
  std::string text = std::to_string(tenths / 10);
  if (tenths % 10 != 0) text += "." + std::to_string(tenths % 10);
  return text + " s";
}

}  // namespace

Result<std::unique_ptr<Source>, std::string> UrlSource::open(const SourceUrl& url, FrameSink& sink,
                                                             const SourceOptions& options) {
  std::unique_ptr<UrlSource> source(new UrlSource(url, sink));
  source->publisher_.report({SourceStatus::State::starting, "opening " + url.display()});
  std::unique_ptr<Demuxer> demuxer;
  if (options.start == SourceOptions::Start::probe_first) {
    auto opened = Demuxer::open(url, source->stop_.get_token());
    if (!opened) return fail(opened.error());
    demuxer = std::move(*opened);
  }
  source->thread_ =
      std::thread([raw = source.get(), input = std::move(demuxer)]() mutable { raw->run(std::move(input)); });
  return std::unique_ptr<Source>(std::move(source));
}

UrlSource::UrlSource(const SourceUrl& url, FrameSink& sink) : url_(url), publisher_(sink), vp8_(publisher_) {}

UrlSource::~UrlSource() {
  stop_.request_stop();
  if (thread_.joinable()) thread_.join();
}

void UrlSource::request_keyframe(VideoCodec codec) {
  if (codec == VideoCodec::vp8) return vp8_.request_keyframe();
  keyframe_wanted_ = true;
}

void UrlSource::run(std::unique_ptr<Demuxer> demuxer) {
  Duration next_pause = kFirstPause;
  const std::stop_token stop = stop_.get_token();
  while (!stop.stop_requested()) {
    Reason reason;
    if (!demuxer) {
      auto opened = Demuxer::open(url_, stop);
      if (opened) demuxer = std::move(*opened);
      if (!opened) reason = opened.error();
    }
    if (demuxer) {
      const Duration began = elapsed();
      timeline_.rejoin(began);
      reason = play(*demuxer);
      demuxer.reset();
      if (elapsed() - began > kWell) next_pause = kFirstPause;
      if (reason.empty()) continue;  // Stopped, or another path is to be taken at once.
    }
    if (!pause(reason, next_pause)) return;
    next_pause = std::min(next_pause * 2, kLongestPause);
  }
}

bool UrlSource::pause(const Reason& reason, Duration length) {
  if (stop_.stop_requested()) return false;
  publisher_.report(
      {SourceStatus::State::reconnecting, reason + "; next attempt in " + seconds_text(length)});
  return sleep_until(std::chrono::steady_clock::now() + length, stop_.get_token());
}

UrlSource::Reason UrlSource::play(Demuxer& demuxer) {
  Output output{publisher_, vp8_, timeline_, keyframe_wanted_, std::nullopt, {}};
  if (demuxer.is_paced()) output.pacer.emplace(stop_.get_token());
  auto path = choose_path(demuxer, output);
  if (!path) return path.error();
  return play_through(demuxer, **path, output);
}

Result<std::unique_ptr<FramePath>, UrlSource::Reason> UrlSource::choose_path(Demuxer& demuxer,
                                                                             Output& output) {
  if (!must_transcode_ && can_pass_through(demuxer)) {
    return std::unique_ptr<FramePath>(std::make_unique<PassThrough>(demuxer, output));
  }
  return Transcoder::open(demuxer, output);
}

UrlSource::Reason UrlSource::play_through(Demuxer& demuxer, FramePath& path, Output& output) {
  const PacketPtr packet = make_packet();
  while (!stop_.stop_requested()) {
    const int read = demuxer.read(*packet);
    if (read == AVERROR_EOF && demuxer.loops()) {
      path.drain();
      // A file without a single picture would otherwise be read over and over at full speed.
      if (std::exchange(output.frames, 0) == 0) return "no picture in " + url_.display() + " can be decoded";
      timeline_.continue_gapless();
      if (!demuxer.rewind()) return {};  // Then it is opened again at once.
      continue;
    }
    if (read < 0) return stop_.stop_requested() ? Reason{} : demuxer.read_error(read);
    const FramePath::Outcome outcome = path.handle(*packet);
    if (outcome == FramePath::Outcome::ok) continue;
    must_transcode_ |= outcome == FramePath::Outcome::needs_transcoding;
    return {};
  }
  return {};
}

}  // namespace porthole::media
