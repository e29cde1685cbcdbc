// One accepted TCP connection as bytes: reads while it is asked to, writes through a bounded queue.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "base/bytes.hpp"
#include "io/descriptor.hpp"
#include "io/sockets.hpp"

namespace porthole::io {

class TcpStreamEvents {
 public:
  virtual ~TcpStreamEvents() = default;

  // Borrows the bytes for this call.
  virtual void on_bytes(Bytes bytes) = 0;
  // The other side will send no more, but may still read.
  virtual void on_end_of_input() = 0;
  // Nothing can be sent or received any more.
  virtual void on_broken() = 0;
  // Everything that was queued has gone to the kernel.
  virtual void on_drained() = 0;
};

class TcpStream {
 public:
  // `read_buffer` is shared by all streams of a loop: idle connections then cost next to nothing. The
  // events come from the loop, never from inside a call, and the stream must live until they return.
  TcpStream(EventLoop& loop, OwnedFd fd, TcpStreamEvents& events, MutableBytes read_buffer);

  void read();
  void pause();

  // Appends all of it, or nothing (false) when the queue would grow beyond `max_queued` or the stream is
  // gone.
  bool write(Bytes bytes, std::size_t max_queued = std::numeric_limits<std::size_t>::max());
  // Sends what is queued, then says that this was all, and throws away what still comes: closing with unread
  // input would reset the connection and with it destroy an answer on its way.
  void finish();
  // At once. No event comes any more.
  void close();

  std::size_t queued() const { return queue_.size() - queue_from_; }
  // Ever given to the kernel.
  std::uint64_t sent() const { return sent_; }

 private:
  void readable();
  void writable();
  bool handle_input(std::ptrdiff_t received, int error);
  // Bytes that the kernel took; none when its buffer is full or the connection broke.
  std::size_t give_to_kernel(Bytes bytes);
  void drop_sent_bytes();

  TcpStreamEvents& events_;   // Borrowed: outlives this.
  MutableBytes read_buffer_;  // Borrowed: outlives this.
  std::optional<Descriptor> descriptor_;
  std::vector<std::uint8_t> queue_;
  std::size_t queue_from_ = 0;  // What stands before it has been sent.
  std::uint64_t sent_ = 0;
  bool reading_ = false;
  bool finishing_ = false;
  bool broken_ = false;
};

}  // namespace porthole::io
