// How long a step may still take, and whether its result is wanted any more.
#pragma once

#include <algorithm>
#include <atomic>

#include "base/time.hpp"
#include "io/event_loop.hpp"

namespace porthole::check {

struct Deadline {
  static Deadline after(Duration duration) { return {io::EventLoop::now() + duration, nullptr}; }

  bool passed() const {
    return io::EventLoop::now() >= at || (cancelled != nullptr && cancelled->load(std::memory_order_relaxed));
  }
  Duration left() const { return std::max(Duration::zero(), at - io::EventLoop::now()); }
  // The same or earlier.
  Deadline within(Duration duration) const {
    return {std::min(at, io::EventLoop::now() + duration), cancelled};
  }

  Instant at;
  const std::atomic<bool>* cancelled = nullptr;  // Borrowed; set once another attempt has won.
};

}  // namespace porthole::check
