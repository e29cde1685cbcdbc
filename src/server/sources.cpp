#include "server/sources.hpp"

#include <spdlog/spdlog.h>

#include <array>
#include <atomic>
#include <utility>

namespace porthole::server {
namespace {

// Frames on their way from a source's thread to the worker's. A worker that is that far behind loses frames,
// rather than memory and the sense of time: 2 s at 30 frames/s.
constexpr int kMaxFramesUnderWay = 60;

node::BroadcastStatus to_node(const media::SourceStatus& status) {
  using From = media::SourceStatus::State;
  using To = node::BroadcastStatus::State;
  const To state = status.state == From::live       ? To::live
                   : status.state == From::starting ? To::starting
                                                    : To::reconnecting;
  return {state, status.detail};
}

spdlog::level::level_enum log_level(media::SourceStatus::State state) {
  switch (state) {
    case media::SourceStatus::State::starting:
      return spdlog::level::debug;
    case media::SourceStatus::State::live:
      return spdlog::level::info;
    case media::SourceStatus::State::reconnecting:
      return spdlog::level::warn;
  }
  return spdlog::level::err;
}

}  // namespace

// One source and the way of its frames.
class Sources::Feed final : public media::FrameSink {
 public:
  Feed(std::string name, io::EventLoop& loop, Worker& worker)
      : name_(std::move(name)), loop_(loop), worker_(worker) {}

  Result<void, std::string> open(const std::string& url) {
    auto opened = media::open_source(url, *this, {name_, media::SourceOptions::Start::probe_first});
    if (!opened) return fail(opened.error());
    source_ = std::move(*opened);
    return {};
  }

  media::Source& source() { return *source_; }

  void on_frame(std::shared_ptr<const EncodedFrame> frame) override {
    bool& broken = broken_[static_cast<std::size_t>(frame->codec)];
    if (under_way_ >= kMaxFramesUnderWay) broken = true;
    // What follows a lost frame is of no use before the next keyframe.
    if (broken && (!frame->keyframe || under_way_ >= kMaxFramesUnderWay)) return;
    broken = false;
    ++under_way_;
    loop_.post([this, frame = std::move(frame)] {
      --under_way_;
      worker_.push_frame(name_, frame);
    });
  }

  void on_status(const media::SourceStatus& status) override {
    spdlog::log(log_level(status.state), "{}: {}", name_, status.detail);
    loop_.post([this, status = to_node(status)] { worker_.set_status(name_, status); });
  }

 private:
  // Constant after construction.
  const std::string name_;

  // Borrowed: outlive this.
  io::EventLoop& loop_;
  Worker& worker_;

  std::atomic<int> under_way_ = 0;
  std::array<bool, 2> broken_{};  // By codec; the source's thread alone.

  // Last, so that its thread ends before what it uses.
  std::unique_ptr<media::Source> source_;
};

Sources::Sources(io::EventLoop& loop) : loop_(loop) {}

Sources::~Sources() = default;

Result<void, std::string> Sources::open(const std::vector<SourceOptions>& sources, Worker& worker) {
  for (const SourceOptions& source : sources) {
    worker.add_broadcast(source.name);
    auto feed = std::make_unique<Feed>(source.name, loop_, worker);
    auto opened = feed->open(source.url);
    if (!opened) {
      close();
      return opened;
    }
    feeds_.emplace(source.name, std::move(feed));
  }
  return {};
}

void Sources::close() {
  feeds_.clear();
}

void Sources::request_keyframe(const std::string& broadcast, VideoCodec codec) {
  const auto feed = feeds_.find(broadcast);
  if (feed != feeds_.end()) feed->second->source().request_keyframe(codec);
}

void Sources::want_rendition(const std::string& broadcast, VideoCodec codec, bool wanted) {
  const auto feed = feeds_.find(broadcast);
  if (feed != feeds_.end() && codec == VideoCodec::vp8) feed->second->source().want_vp8(wanted);
}

}  // namespace porthole::server
