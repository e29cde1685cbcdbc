// A file, stream or camera as a live source that is opened again for as long as it takes.
#pragma once

#include <atomic>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>

#include "media/demuxer.hpp"
#include "media/frame_path.hpp"
#include "media/source.hpp"
#include "media/source_url.hpp"

namespace porthole::media {

// Between attempts to open a source that dropped: doubled from the first to the last.
constexpr Duration kFirstPause = 500ms;
constexpr Duration kLongestPause = 10s;

class UrlSource final : public Source {
 public:
  // The error is a sentence for people, without the broadcast's name.
  static Result<std::unique_ptr<Source>, std::string> open(const SourceUrl& url, FrameSink& sink,
                                                           const SourceOptions& options);
  ~UrlSource() override;

  void request_keyframe(VideoCodec codec) override;
  void want_vp8(bool wanted) override { vp8_.want(wanted); }

 private:
  // Why a source no longer plays, for people. Empty: it is to stop, or to be opened again at once.
  using Reason = std::string;

  UrlSource(const SourceUrl& url, FrameSink& sink);
  void run(std::unique_ptr<Demuxer> demuxer);
  Reason play(Demuxer& demuxer);
  Reason play_through(Demuxer& demuxer, FramePath& path, Output& output);
  Result<std::unique_ptr<FramePath>, Reason> choose_path(Demuxer& demuxer, Output& output);
  bool pause(const Reason& reason, Duration length);
  Duration elapsed() const { return std::chrono::steady_clock::now() - start_; }

  const SourceUrl url_;
  const SteadyTime start_ = std::chrono::steady_clock::now();
  std::stop_source stop_;
  Publisher publisher_;
  Vp8Rendition vp8_;
  std::atomic<bool> keyframe_wanted_ = false;
  std::thread thread_;

  // Used by the thread alone.
  Timeline timeline_;
  // The source looked as if it could pass through and could not: it is transcoded from then on.
  bool must_transcode_ = false;
};

}  // namespace porthole::media
