// One thread's readiness: which of many sockets can be read or written, by epoll.
#pragma once

#include <sys/epoll.h>

#include <array>
#include <cstdint>
#include <span>

#include "base/time.hpp"

namespace porthole::load {

class Pollable {
 public:
  virtual ~Pollable() = default;
  // EPOLLIN, EPOLLOUT, EPOLLERR and EPOLLHUP. It may destroy this object.
  virtual void handle_events(std::uint32_t events) = 0;
};

class Poller {
 public:
  Poller();
  ~Poller();
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;

  // Borrows `pollable` until forget(). Level-triggered.
  void watch(int fd, std::uint32_t events, Pollable& pollable);
  void change(int fd, std::uint32_t events, Pollable& pollable);
  // Before the descriptor is closed. What is already known of it is not told any more.
  void forget(int fd, const Pollable& pollable);

  // Tells what is ready, after waiting for it at most so long. False when there may be more.
  bool wait(Duration longest);

 private:
  static constexpr std::size_t kBatch = 256;

  int epoll_;
  std::array<epoll_event, kBatch> events_{};
  std::span<epoll_event> pending_;
};

}  // namespace porthole::load
