// A one-shot timer that is armed again and again, cheaply.
#pragma once

#include <functional>
#include <memory>

#include "base/time.hpp"

namespace porthole::io {

class EventLoop;

class Timer {
 public:
  // `on_due` runs on the loop's thread, once for each arm() whose deadline came.
  Timer(EventLoop& loop, std::function<void()> on_due);
  ~Timer();
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  // Replaces the deadline that was set before. A past one is due in the loop's next turn, and
  // Instant::max() means never.
  void arm(Instant deadline);
  void cancel();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace porthole::io
