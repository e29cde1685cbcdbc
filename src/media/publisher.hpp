// Lets a source's threads speak to its sink one at a time, and reports each state once.
#pragma once

#include <memory>
#include <mutex>
#include <optional>

#include "media/source.hpp"

namespace porthole::media {

class Publisher {
 public:
  explicit Publisher(FrameSink& sink) : sink_(sink) {}

  void publish(std::shared_ptr<const EncodedFrame> frame) {
    const std::lock_guard lock(mutex_);
    sink_.on_frame(std::move(frame));
  }

  void report(const SourceStatus& status) {
    const std::lock_guard lock(mutex_);
    if (reported_ == status) return;
    reported_ = status;
    sink_.on_status(status);
  }

 private:
  FrameSink& sink_;  // Outlives the source.
  std::mutex mutex_;
  std::optional<SourceStatus> reported_;
};

}  // namespace porthole::media
