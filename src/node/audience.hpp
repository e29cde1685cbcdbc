// How many watch, over all the workers of a server.
#pragma once

#include <atomic>
#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace porthole::node {

// Counts one for as long as it lives, wherever it is moved to.
class Seat {
 public:
  using Counter = std::shared_ptr<std::atomic<std::size_t>>;

  Seat() = default;
  // Of one that is already counted.
  explicit Seat(Counter counted) : counter_(std::move(counted)) {}
  ~Seat() { give_up(); }
  Seat(Seat&&) = default;
  Seat& operator=(Seat&& other) noexcept {
    give_up();
    counter_ = std::move(other.counter_);
    return *this;
  }

 private:
  void give_up() {
    if (const Counter counter = std::move(counter_)) --*counter;
  }

  Counter counter_;
};

// Any thread, once every broadcast has been added.
class Audience {
 public:
  explicit Audience(std::size_t max_viewers) : max_viewers_(max_viewers) {}

  // For one more viewer, of any broadcast, from its offer on; nullopt when the house is full.
  std::optional<Seat> admit() {
    if (++*seats_ <= max_viewers_) return Seat(seats_);
    --*seats_;
    return std::nullopt;
  }

  void add_broadcast(const std::string& name) {
    watching_.try_emplace(name, std::make_shared<std::atomic<std::size_t>>(0));
  }
  // For one more who watches that broadcast, which was added.
  Seat watch(std::string_view broadcast) {
    const Seat::Counter& counter = watching_.find(broadcast)->second;
    ++*counter;
    return Seat(counter);
  }
  std::size_t watching(std::string_view broadcast) const { return *watching_.find(broadcast)->second; }

 private:
  const std::size_t max_viewers_;  // Constant after construction.
  const Seat::Counter seats_ = std::make_shared<std::atomic<std::size_t>>(0);
  std::map<std::string, Seat::Counter, std::less<>> watching_;
};

}  // namespace porthole::node
