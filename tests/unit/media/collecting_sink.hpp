// What a source delivered, and ways to wait for it.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "media/source.hpp"

namespace porthole::media::test {

class CollectingSink final : public FrameSink {
 public:
  // Much more than it takes: the machine may be busy, and a sanitizer slow.
  static constexpr Duration kPatience = 30s;

  using Frames = std::vector<std::shared_ptr<const EncodedFrame>>;

  void on_frame(std::shared_ptr<const EncodedFrame> frame) override {
    const std::lock_guard lock(mutex_);
    (frame->codec == VideoCodec::h264 ? h264_ : vp8_).push_back(std::move(frame));
    changed_.notify_all();
  }

  void on_status(const SourceStatus& status) override {
    const std::lock_guard lock(mutex_);
    statuses_.push_back(status);
    changed_.notify_all();
  }

  // False where it did not come to that within the time.
  bool wait_for_frames(VideoCodec codec, std::size_t count, Duration limit = kPatience) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, limit, [&] { return of(codec).size() >= count; });
  }

  bool wait_for_state(SourceStatus::State state, Duration limit = kPatience) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, limit,
                             [&] { return !statuses_.empty() && statuses_.back().state == state; });
  }

  Frames frames(VideoCodec codec) const {
    const std::lock_guard lock(mutex_);
    return of(codec);
  }

  SourceStatus status() const {
    const std::lock_guard lock(mutex_);
    return statuses_.empty() ? SourceStatus{} : statuses_.back();
  }

 private:
  const Frames& of(VideoCodec codec) const { return codec == VideoCodec::h264 ? h264_ : vp8_; }

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  Frames h264_;
  Frames vp8_;
  std::vector<SourceStatus> statuses_;
};

}  // namespace porthole::media::test
