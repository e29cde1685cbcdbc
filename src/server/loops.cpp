#include "server/loops.hpp"

#include <algorithm>
#include <thread>

namespace porthole::server {

std::size_t worker_count(std::size_t wished) {
  if (wished > 0) return wished;
  return std::clamp<std::size_t>(std::thread::hardware_concurrency(), 1, kMaxDefaultWorkers);
}

void Loops::run() {
  std::vector<std::thread> threads;
  for (std::size_t i = 1; i < loops_.size(); ++i) threads.emplace_back([&loop = *loops_[i]] { loop.run(); });
  first().run();
  for (std::thread& thread : threads) thread.join();
}

void Loops::stop(const std::function<void(std::size_t)>& last) {
  for (std::size_t i = 0; i < loops_.size(); ++i) {
    loops_[i]->post([&loop = *loops_[i], last, i] {
      last(i);
      loop.stop();
    });
  }
}

}  // namespace porthole::server
