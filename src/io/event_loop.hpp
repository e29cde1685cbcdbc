// One thread's event loop. Everything in io/ belongs to one loop and lives on its thread.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "base/time.hpp"

// Asio stays out of the headers: it costs seconds in every file that sees it.
namespace boost::asio {
class io_context;
}

namespace porthole::io {

class EventLoop {
 public:
  EventLoop();
  // Whatever was made with this loop (timers, ports) must be gone by now.
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  // CLOCK_MONOTONIC.
  static Instant now();
  // The time of day as of this moment.
  static WallClock wall_clock();

  // Serves until stop(), even while there is nothing to do.
  void run();
  // Any thread. run() returns after the handler that is running (at once, where it has not begun). What is
  // pending stays so, for another run() or for nobody.
  void stop();
  // Any thread. run() returns once nothing is pending any more: close the ports and timers, then call this.
  void stop_when_idle();
  // Any thread. The task runs on the loop's thread, after the tasks that were posted before it.
  void post(std::function<void()> task);
  // Any thread. The same, but before everything that waits in the loop: what must not wait for a thousand
  // handshakes. Among themselves such tasks keep their order.
  void post_first(std::function<void()> task);
  // The loop's thread, from inside a handler that has much to do: runs what post_first() brought meanwhile.
  // False when that was nothing.
  bool run_first();
  // Calls the handler on the loop's thread, every time that one of the signals comes. At most once a loop.
  void on_signals(const std::vector<int>& signals, std::function<void(int)> handler);

  // For io/'s own sources.
  boost::asio::io_context& context();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace porthole::io
