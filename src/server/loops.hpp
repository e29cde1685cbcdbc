// The event loops of a server's workers: one thread each, and the first on the thread of whoever runs it.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "io/event_loop.hpp"

namespace porthole::server {

// How many there are where nobody says: one for each core that the process may use, and not so many that what
// each needs for itself is felt.
constexpr std::size_t kMaxDefaultWorkers = 16;
std::size_t worker_count(std::size_t wished);

class Loops {
 public:
  explicit Loops(std::size_t count) {
    while (loops_.size() < count) loops_.push_back(std::make_unique<io::EventLoop>());
  }

  std::size_t size() const { return loops_.size(); }
  io::EventLoop& first() { return *loops_.front(); }
  io::EventLoop& operator[](std::size_t index) { return *loops_[index]; }

  // Until stop(); then all have ended.
  void run();
  // Any thread. What each is to do before it ends is done on its own thread.
  void stop(const std::function<void(std::size_t)>& last);

 private:
  std::vector<std::unique_ptr<io::EventLoop>> loops_;
};

}  // namespace porthole::server
