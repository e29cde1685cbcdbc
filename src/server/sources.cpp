#include "server/sources.hpp"

#include <spdlog/spdlog.h>

#include <array>
#include <atomic>
#include <mutex>
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
  Feed(std::string name, const std::vector<Receiver>& receivers) : name_(std::move(name)) {
    for (const Receiver& receiver : receivers) lanes_.push_back(std::make_unique<Lane>(receiver));
  }

  Result<void, std::string> open(const std::string& url) {
    auto opened = media::open_source(url, *this, {name_, media::SourceOptions::Start::probe_first});
    if (!opened) return fail(opened.error());
    const std::lock_guard lock(source_mutex_);
    source_ = std::move(*opened);
    return {};
  }

  // Workers may go on wishing, in vain.
  void close() {
    std::unique_ptr<media::Source> closing;
    const std::lock_guard lock(source_mutex_);
    closing.swap(source_);
  }

  void request_keyframe(VideoCodec codec) {
    const std::lock_guard lock(source_mutex_);
    if (source_) source_->request_keyframe(codec);
  }

  // Each worker says it once, and once that it does not any more.
  void want_vp8(bool wanted) {
    const std::lock_guard lock(source_mutex_);
    vp8_wishes_ += wanted ? 1 : -1;
    if (source_) source_->want_vp8(vp8_wishes_ > 0);
  }

  void on_frame(std::shared_ptr<const EncodedFrame> frame) override {
    for (const auto& lane : lanes_) push(*lane, frame);
  }

  void on_status(const media::SourceStatus& status) override {
    spdlog::log(log_level(status.state), "{}: {}", name_, status.detail);
    for (const auto& lane : lanes_) {
      lane->to.loop.post(
          [this, &worker = lane->to.worker, status = to_node(status)] { worker.set_status(name_, status); });
    }
  }

 private:
  // The way to one worker.
  struct Lane {
    explicit Lane(const Receiver& receiver) : to(receiver) {}

    Receiver to;
    std::atomic<int> under_way = 0;
    std::array<bool, 2> broken{};  // By codec; the source's thread alone.
  };

  void push(Lane& lane, const std::shared_ptr<const EncodedFrame>& frame) {
    bool& broken = lane.broken[static_cast<std::size_t>(frame->codec)];
    if (lane.under_way >= kMaxFramesUnderWay) broken = true;
    // What follows a lost frame is of no use before the next keyframe.
    if (broken && (!frame->keyframe || lane.under_way >= kMaxFramesUnderWay)) return;
    broken = false;
    ++lane.under_way;
    // Before whoever joins meanwhile: those who watch shall not notice.
    lane.to.loop.post_first([this, &lane, frame] {
      --lane.under_way;
      lane.to.worker.push_frame(name_, frame);
    });
  }

  const std::string name_;                    // Constant after construction.
  std::vector<std::unique_ptr<Lane>> lanes_;  // The same.

  std::mutex source_mutex_;  // Never held by the source's own thread.
  int vp8_wishes_ = 0;
  // Last, so that its thread ends before what it uses.
  std::unique_ptr<media::Source> source_;
};

Sources::Sources() = default;
Sources::~Sources() = default;

Result<void, std::string> Sources::open(const std::vector<SourceOptions>& sources,
                                        const std::vector<Receiver>& receivers) {
  for (const SourceOptions& source : sources) {
    for (const Receiver& receiver : receivers) receiver.worker.add_broadcast(source.name);
  }
  for (const SourceOptions& source : sources) {
    auto feed = std::make_unique<Feed>(source.name, receivers);
    if (auto opened = feed->open(source.url); !opened) {
      close();
      return opened;
    }
    feeds_.emplace(source.name, std::move(feed));
  }
  return {};
}

void Sources::close() {
  for (const auto& [name, feed] : feeds_) feed->close();
}

void Sources::request_keyframe(const std::string& broadcast, VideoCodec codec) {
  const auto feed = feeds_.find(broadcast);
  if (feed != feeds_.end()) feed->second->request_keyframe(codec);
}

void Sources::want_rendition(const std::string& broadcast, VideoCodec codec, bool wanted) {
  const auto feed = feeds_.find(broadcast);
  if (feed != feeds_.end() && codec == VideoCodec::vp8) feed->second->want_vp8(wanted);
}

}  // namespace porthole::server
