#include "io/timer.hpp"

#include <boost/asio/steady_timer.hpp>

#include "io/event_loop.hpp"

namespace porthole::io {

// A deadline that moves later, which is what happens most, costs nothing: the wait under way ends early and
// starts again. The handler shares the state, so a timer may go while one is on its way.
struct Timer::State : std::enable_shared_from_this<Timer::State> {
  State(EventLoop& loop, std::function<void()> due) : timer(loop.context()), on_due(std::move(due)) {}

  void wait_until(Instant instant) {
    waiting_until = instant;
    timer.expires_at(std::chrono::steady_clock::time_point(instant.time_since_epoch()));
    timer.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
      if (!error) self->wait_over();
    });
  }

  // May come for a wait that was replaced when it had ended already: only the deadline counts.
  void wait_over() {
    waiting_until = Instant::max();
    if (deadline == Instant::max()) return;
    if (deadline > EventLoop::now()) return wait_until(deadline);
    deadline = Instant::max();
    on_due();
  }

  boost::asio::steady_timer timer;
  std::function<void()> on_due;
  Instant deadline = Instant::max();       // What the owner wants.
  Instant waiting_until = Instant::max();  // What Asio was told: never later than the deadline.
};

Timer::Timer(EventLoop& loop, std::function<void()> on_due)
    : state_(std::make_shared<State>(loop, std::move(on_due))) {}

Timer::~Timer() {
  cancel();
}

void Timer::arm(Instant deadline) {
  state_->deadline = deadline;
  if (deadline < state_->waiting_until) state_->wait_until(deadline);
}

void Timer::cancel() {
  state_->deadline = state_->waiting_until = Instant::max();
  state_->timer.cancel();
}

}  // namespace porthole::io
