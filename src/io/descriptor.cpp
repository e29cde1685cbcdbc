#include "io/descriptor.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>

#include "io/event_loop.hpp"

namespace porthole::io {
namespace {

using Stream = boost::asio::posix::stream_descriptor;

}  // namespace

// Handlers that are under way share it, so the descriptor may go at any time.
struct Descriptor::State : std::enable_shared_from_this<Descriptor::State> {
  State(EventLoop& loop, int fd, Events what) : stream(loop.context(), fd), events(std::move(what)) {
    stream.non_blocking(true);
  }

  void watch(Stream::wait_type direction, bool& watched, const std::function<void()>& event) {
    if (watched || !stream.is_open()) return;
    watched = true;
    stream.async_wait(direction,
                      [self = shared_from_this(), &watched, &event](const boost::system::error_code& error) {
                        watched = false;
                        if (!error && self->stream.is_open()) event();
                      });
  }

  Stream stream;
  Events events;
  bool reading = false;
  bool writing = false;
};

Descriptor::Descriptor(EventLoop& loop, int fd, Events events)
    : fd_(fd), state_(std::make_shared<State>(loop, fd, std::move(events))) {}

Descriptor::~Descriptor() {
  boost::system::error_code ignored;
  state_->stream.close(ignored);
}

void Descriptor::watch_readable() {
  state_->watch(Stream::wait_read, state_->reading, state_->events.readable);
}

void Descriptor::watch_writable() {
  state_->watch(Stream::wait_write, state_->writing, state_->events.writable);
}

}  // namespace porthole::io
