// Opens a file, stream or camera and reads the packets of its video.
#pragma once

#include <deque>
#include <memory>
#include <stop_token>
#include <string>

#include "base/result.hpp"
#include "media/ffmpeg_ptr.hpp"
#include "media/pacer.hpp"
#include "media/source_url.hpp"

namespace porthole::media {

// How long opening may take before it has failed, and how long a stream may be silent before it has dropped.
constexpr Duration kOpenTimeout = 10s;
constexpr Duration kReadTimeout = 10s;

class Demuxer {
 public:
  // `stop` ends this and every later call early, except within the system's resolver of host names. The
  // error is a sentence for people, without the broadcast's name.
  static Result<std::unique_ptr<Demuxer>, std::string> open(const SourceUrl& url, std::stop_token stop);

  // The video stream. H.264 is always in Annex B form, its parameter sets too.
  const AVCodecParameters& parameters() const;
  AVRational time_base() const { return video_->time_base; }
  AVRational frame_rate() const { return frame_rate_; }

  // Is to be read in real time, as it comes faster or all at once.
  bool is_paced() const { return paced_; }
  // Begins again at its end.
  bool loops() const { return loops_; }
  // Decoded in another order than shown, as far as the container or the first packets tell.
  bool has_reordering();

  // The next packet of the video: 0, AVERROR_EOF at the end, or FFmpeg's error code.
  int read(AVPacket& packet);
  // What a failed read() means, for people.
  std::string read_error(int code) const;
  // Back to the beginning; false where that fails and the source must be opened again.
  bool rewind();

 private:
  // What FFmpeg asks, many times a second, while it waits.
  struct Patience {
    std::stop_token stop;
    SteadyTime deadline;

    bool is_over() const { return stop.stop_requested() || std::chrono::steady_clock::now() > deadline; }
  };

  Demuxer(const SourceUrl& url, std::stop_token stop) : url_(url), patience_{std::move(stop), {}} {}
  int open_input();
  int try_input(const AVInputFormat* format, Options& options);
  int open_camera();
  int choose_video();
  int read_from_input(AVPacket& packet);

  SourceUrl url_;
  Patience patience_;  // The input's callback points to it, so it does not move.
  InputPtr input_;
  AVStream* video_ = nullptr;           // Of input_.
  BitstreamFilterPtr to_annex_b_;       // H.264 only.
  std::deque<PacketPtr> looked_ahead_;  // Read already, next to be handed out.
  AVRational frame_rate_{30, 1};
  bool paced_ = false;
  bool loops_ = false;
};

}  // namespace porthole::media
