// Virtual time: what is to happen, and when. What is planned for one instant happens in the order of
// planning.
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "base/time.hpp"

namespace porthole::sim {

class Scheduler {
 public:
  using Action = std::function<void()>;

  Instant now() const { return now_; }

  void at(Instant when, Action action) {
    heap_.push_back({std::max(when, now_), next_rank_++, std::move(action)});
    std::ranges::push_heap(heap_, Later{});
  }
  void after(Duration delay, Action action) { at(now_ + delay, std::move(action)); }

  // Everything up to and including `end`, which is then the time.
  void run_until(Instant end) {
    while (!heap_.empty() && heap_.front().at <= end) {
      std::ranges::pop_heap(heap_, Later{});
      Event event = std::move(heap_.back());
      heap_.pop_back();
      now_ = event.at;
      event.action();
    }
    now_ = std::max(now_, end);
  }

 private:
  struct Event {
    Instant at;
    std::uint64_t rank;
    Action action;
  };
  struct Later {
    bool operator()(const Event& a, const Event& b) const {
      return std::pair(a.at, a.rank) > std::pair(b.at, b.rank);
    }
  };

  // Not zero, so that nothing relies on it.
  Instant now_{std::chrono::hours(1)};
  std::uint64_t next_rank_ = 0;
  std::vector<Event> heap_;
};

// One deadline that moves. What it calls may set it again.
class Alarm {
 public:
  Alarm(Scheduler& scheduler, Scheduler::Action ring) : state_(std::make_shared<State>(scheduler)) {
    state_->ring = std::move(ring);
  }

  // Instant::max() for never.
  void set(Instant when) {
    state_->wanted = when;
    if (when < state_->planned) plan(state_, when);
  }

 private:
  struct State {
    explicit State(Scheduler& owner) : scheduler(owner) {}
    Scheduler& scheduler;
    Scheduler::Action ring;
    Instant wanted = Instant::max();
    Instant planned = Instant::max();  // Of the event that counts; others are stale.
  };

  static void plan(const std::shared_ptr<State>& state, Instant when) {
    state->planned = when;
    state->scheduler.at(when, [weak = std::weak_ptr<State>(state), when] {
      const auto alive = weak.lock();
      if (alive && alive->planned == when) come(alive);
    });
  }

  static void come(const std::shared_ptr<State>& state) {
    state->planned = Instant::max();
    if (state->wanted > state->scheduler.now()) {
      if (state->wanted != Instant::max()) plan(state, state->wanted);
      return;
    }
    state->wanted = Instant::max();
    state->ring();
  }

  std::shared_ptr<State> state_;
};

}  // namespace porthole::sim
