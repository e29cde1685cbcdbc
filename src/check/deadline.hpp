// How long a step may still take, and whether its result is wanted any more.
#pragma once

#include <algorithm>
#include <atomic>

#include "base/time.hpp"
#include "io/event_loop.hpp"

namespace porthole::check {

struct Deadline {
  static Deadline after(Duration duration) { return {io::EventLoop::now() + duration}; }

  bool passed() const { return io::EventLoop::now() >= at || is_cancelled(); }
  Duration left() const { return std::max(Duration::zero(), at - io::EventLoop::now()); }
  // The same or earlier.
  Deadline within(Duration duration) const {
    Deadline sooner = *this;
    sooner.at = std::min(at, io::EventLoop::now() + duration);
    return sooner;
  }
  // Passes when this does, and when somebody sets `flag`. Borrows both.
  Deadline until(const std::atomic<bool>& flag) const { return {at, &flag, this}; }

  bool may_be_cancelled() const { return cancelled != nullptr; }
  bool is_cancelled() const {
    return (cancelled != nullptr && cancelled->load(std::memory_order_relaxed)) ||
           (outer != nullptr && outer->is_cancelled());
  }

  Instant at;
  const std::atomic<bool>* cancelled = nullptr;  // Borrowed; set once another attempt has won.
  const Deadline* outer = nullptr;               // Borrowed; where the attempt is part of another one.
};

}  // namespace porthole::check
