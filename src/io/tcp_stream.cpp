#include "io/tcp_stream.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

namespace porthole::io {
namespace {

// Reads a turn, so that one fast sender does not keep the others waiting.
constexpr int kMaxReadRounds = 4;

// What the kernel holds unsent of a stream. By default it would be up to 4 MiB, which is 13 s of video that
// nobody wants any more; beyond this, frames wait where they can still be dropped. It asks for more when half
// of it is gone: at 100 Mbit/s that half lasts 300 us, longer than it takes to answer.
constexpr int kUnsentBytesInKernel = 8 << 10;

// A client whose machine vanished is given up after this; the default is about 15 minutes.
constexpr int kUnacknowledgedMs = 30'000;
constexpr int kKeepAliveIdleSeconds = 60;

bool would_block(int error) {
  return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

// Best effort: without any of them the stream works, only less well.
void tune(int fd) {
  set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  set_option(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, kUnsentBytesInKernel);
  set_option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, kUnacknowledgedMs);
  set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, kKeepAliveIdleSeconds);
  set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
}

}  // namespace

TcpStream::TcpStream(EventLoop& loop, OwnedFd fd, StreamEvents& events, MutableBytes read_buffer)
    : events_(&events), read_buffer_(read_buffer) {
  tune(fd.get());
  descriptor_.emplace(loop, fd.release(), Descriptor::Events{[this] { readable(); }, [this] { writable(); }});
}

void TcpStream::read() {
  reading_ = true;
  if (descriptor_) descriptor_->watch_readable();
}

void TcpStream::pause() {
  reading_ = false;
}

void TcpStream::readable() {
  for (int round = 0; round < kMaxReadRounds && descriptor_ && reading_; ++round) {
    const ssize_t received = recv(descriptor_->fd(), read_buffer_.data(), read_buffer_.size(), 0);
    if (!handle_input(received, errno)) break;
  }
  if (descriptor_ && reading_) descriptor_->watch_readable();
}

// False when there is nothing more to read for now.
bool TcpStream::handle_input(std::ptrdiff_t received, int error) {
  if (received > 0) {
    const auto size = static_cast<std::size_t>(received);
    if (!finishing_) events_->on_bytes(read_buffer_.first(size));
    return size == read_buffer_.size();
  }
  if (received < 0 && would_block(error)) return false;
  reading_ = false;
  if (received == 0 && !broken_) {
    events_->on_end_of_input();
  } else {
    events_->on_broken();
  }
  return false;
}

bool TcpStream::has_room(std::size_t size, std::size_t max_queued) const {
  if (!descriptor_ || broken_ || finishing_) return false;
  return queued() == 0 || size <= max_queued - std::min(queued(), max_queued);
}

bool TcpStream::write(Bytes bytes, std::size_t max_queued) {
  if (!has_room(bytes.size(), max_queued)) return false;
  if (queued() == 0) bytes = bytes.subspan(give_to_kernel(bytes));
  if (broken_) return false;
  if (bytes.empty()) return true;
  queue_.insert(queue_.end(), bytes.begin(), bytes.end());
  descriptor_->watch_writable();
  return true;
}

// The kernel looks at its bound only before it begins a buffer of its own. MSG_EOR ends the one before, which
// would otherwise go on growing to 64 KiB.
std::size_t TcpStream::give_to_kernel(Bytes bytes) {
  const ssize_t taken = send(descriptor_->fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_EOR);
  if (taken >= 0) {
    sent_ += static_cast<std::uint64_t>(taken);
    return static_cast<std::size_t>(taken);
  }
  if (!would_block(errno)) {
    broken_ = true;
    // A broken socket counts as writable: the owner hears of it from the loop, not from inside its own call.
    descriptor_->watch_writable();
  }
  return 0;
}

void TcpStream::writable() {
  if (!descriptor_) return;
  if (!broken_ && queued() > 0) {
    queue_from_ += give_to_kernel(Bytes(queue_).subspan(queue_from_));
    drop_sent_bytes();
  }
  if (broken_) {
    reading_ = false;
    return events_->on_broken();
  }
  if (queued() > 0) return descriptor_->watch_writable();
  if (finishing_) shutdown(descriptor_->fd(), SHUT_WR);
  events_->on_drained();
}

void TcpStream::drop_sent_bytes() {
  if (queued() == 0) {
    // A slow moment must not leave a megabyte behind with each of thousands of connections.
    queue_ = {};
    queue_from_ = 0;
  } else if (queue_from_ > queue_.size() / 2) {
    queue_.erase(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(queue_from_));
    queue_from_ = 0;
  }
}

void TcpStream::finish() {
  if (!descriptor_ || finishing_) return;
  finishing_ = true;
  if (queued() == 0) shutdown(descriptor_->fd(), SHUT_WR);
  read();
}

void TcpStream::close() {
  descriptor_.reset();
  reading_ = false;
  queue_ = {};
  queue_from_ = 0;
}

}  // namespace porthole::io
