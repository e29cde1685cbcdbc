#include "load/poller.hpp"

#include <unistd.h>

#include <algorithm>

#include "load/fatal.hpp"

namespace porthole::load {
namespace {

timespec to_timespec(Duration duration) {
  const Duration positive = std::max<Duration>(duration, 0ns);
  const auto seconds = std::chrono::floor<std::chrono::seconds>(positive);
  timespec time{};
  time.tv_sec = seconds.count();
  time.tv_nsec = (positive - seconds).count();
  return time;
}

}  // namespace

Poller::Poller() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
  if (epoll_ < 0) fatal("epoll_create1");
}

Poller::~Poller() {
  ::close(epoll_);
}

void Poller::watch(int fd, std::uint32_t events, Pollable& pollable) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = &pollable;
  if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) != 0) fatal("epoll_ctl");
}

void Poller::change(int fd, std::uint32_t events, Pollable& pollable) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = &pollable;
  if (::epoll_ctl(epoll_, EPOLL_CTL_MOD, fd, &event) != 0) fatal("epoll_ctl");
}

void Poller::forget(int fd, const Pollable& pollable) {
  ::epoll_ctl(epoll_, EPOLL_CTL_DEL, fd, nullptr);
  for (epoll_event& event : pending_) {
    if (event.data.ptr == &pollable) event.data.ptr = nullptr;
  }
}

bool Poller::wait(Duration longest) {
  const timespec timeout = to_timespec(longest);
  const int count = ::epoll_pwait2(epoll_, events_.data(), static_cast<int>(kBatch), &timeout, nullptr);
  pending_ = std::span(events_).first(static_cast<std::size_t>(std::max(count, 0)));
  while (!pending_.empty()) {
    const epoll_event event = pending_.front();
    pending_ = pending_.subspan(1);
    if (event.data.ptr != nullptr) static_cast<Pollable*>(event.data.ptr)->handle_events(event.events);
  }
  return count < static_cast<int>(kBatch);
}

}  // namespace porthole::load
