#include "io/event_loop.hpp"

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <mutex>
#include <utility>

namespace porthole::io {

struct EventLoop::State {
  // One thread runs it, and Asio leaves out some locks then; post() and stop() stay safe from any thread.
  boost::asio::io_context context{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work{context.get_executor()};
  boost::asio::signal_set signals{context};
  std::function<void(int)> on_signal;

  // What post_first() brought. The flag spares those who look a lock.
  std::mutex first_mutex;
  std::vector<std::function<void()>> first;
  std::atomic<bool> has_first = false;

  void wait_for_signal() {
    signals.async_wait([this](const boost::system::error_code& error, int signal) {
      if (error) return;
      on_signal(signal);
      wait_for_signal();
    });
  }
};

EventLoop::EventLoop() : state_(std::make_unique<State>()) {}
EventLoop::~EventLoop() = default;

Instant EventLoop::now() {
  // libstdc++'s steady clock is CLOCK_MONOTONIC in nanoseconds.
  return Instant(std::chrono::steady_clock::now().time_since_epoch());
}

WallClock EventLoop::wall_clock() {
  return WallClock(now(), std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now()));
}

void EventLoop::run() {
  while (state_->context.run_one() > 0 && !state_->context.stopped()) run_first();
  state_->context.restart();
}

void EventLoop::stop() {
  state_->context.stop();
}

void EventLoop::stop_when_idle() {
  post([this] {
    state_->work.reset();
    state_->signals.cancel();
  });
}

void EventLoop::post(std::function<void()> task) {
  boost::asio::post(state_->context, std::move(task));
}

void EventLoop::post_first(std::function<void()> task) {
  {
    const std::lock_guard lock(state_->first_mutex);
    state_->first.push_back(std::move(task));
    state_->has_first = true;
  }
  post([this] { run_first(); });  // For a loop that sleeps.
}

bool EventLoop::run_first() {
  if (!state_->has_first.load(std::memory_order_acquire)) return false;
  std::vector<std::function<void()>> tasks;
  {
    const std::lock_guard lock(state_->first_mutex);
    tasks.swap(state_->first);
    state_->has_first = false;
  }
  for (const auto& task : tasks) task();
  return true;
}

void EventLoop::on_signals(const std::vector<int>& signals, std::function<void(int)> handler) {
  for (const int signal : signals) state_->signals.add(signal);
  state_->on_signal = std::move(handler);
  state_->wait_for_signal();
}

boost::asio::io_context& EventLoop::context() {
  return state_->context;
}

}  // namespace porthole::io
