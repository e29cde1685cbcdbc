// An open file descriptor, and when it can be read or written without waiting.
#pragma once

#include <functional>
#include <memory>

namespace porthole::io {

class EventLoop;

class Descriptor {
 public:
  struct Events {
    std::function<void()> readable;
    std::function<void()> writable;
  };

  // Takes the descriptor and makes it non-blocking.
  Descriptor(EventLoop& loop, int fd, Events events);
  // Closes it; no event comes any more. An event's own function may do this.
  ~Descriptor();
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int fd() const { return fd_; }

  // One event for each call, as soon as the descriptor is ready (or broken), and always from the loop: never
  // from inside the call. Asking again while an event is awaited changes nothing.
  void watch_readable();
  void watch_writable();

 private:
  struct State;
  int fd_;
  std::shared_ptr<State> state_;
};

}  // namespace porthole::io
