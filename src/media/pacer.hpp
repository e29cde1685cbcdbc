// Real time for sources that have none of their own: sleeps that a stop request ends.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <stop_token>

#include "base/time.hpp"

namespace porthole::media {

using SteadyTime = std::chrono::steady_clock::time_point;

// Sleeps until `deadline`. Returns false at once when stop is requested, before or meanwhile.
inline bool sleep_until(SteadyTime deadline, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any alarm;
  std::unique_lock lock(mutex);
  alarm.wait_until(lock, stop, deadline, [] { return false; });
  return !stop.stop_requested();
}

// Holds frames back until their moment. The first frame's moment is when it comes.
class Pacer {
 public:
  explicit Pacer(std::stop_token stop) : stop_(std::move(stop)) {}

  // The moment of `pts` has gone by kLate: who can leave this frame out should.
  bool is_late(Duration pts) const {
    return start_ && *start_ + pts + kLate < std::chrono::steady_clock::now();
  }

  // Sleeps until the moment of `pts`; false when stop is requested. After a standstill longer than
  // kMaxLateness (an overloaded or suspended machine) time goes on from here: catching up in a burst would
  // only flood the viewers.
  bool wait_for(Duration pts) {
    const SteadyTime now = std::chrono::steady_clock::now();
    if (!start_ || *start_ + pts + kMaxLateness < now) start_ = now - pts;
    return sleep_until(*start_ + pts, stop_);
  }

 private:
  static constexpr Duration kLate = 100ms;
  static constexpr Duration kMaxLateness = 500ms;

  std::stop_token stop_;
  std::optional<SteadyTime> start_;  // The moment of pts 0.
};

}  // namespace porthole::media
