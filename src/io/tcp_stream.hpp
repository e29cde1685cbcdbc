// One accepted TCP connection as a stream of bytes, as they travel.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/bytes.hpp"
#include "io/byte_stream.hpp"
#include "io/descriptor.hpp"
#include "io/sockets.hpp"

namespace porthole::io {

class TcpStream final : public ByteStream {
 public:
  // The buffer is for input, and shared.
  TcpStream(EventLoop& loop, OwnedFd fd, StreamEvents& events, MutableBytes read_buffer);

  // Who hears of what comes, from now on.
  void set_events(StreamEvents& events) { events_ = &events; }
  // Whether write() would take so many bytes.
  bool has_room(std::size_t size, std::size_t max_queued) const;

  void read() override;
  void pause() override;
  bool write(Bytes bytes, std::size_t max_queued = kUnbounded) override;
  void finish() override;
  void close() override;
  std::size_t queued() const override { return queue_.size() - queue_from_; }
  std::uint64_t sent() const override { return sent_; }

 private:
  void readable();
  void writable();
  bool handle_input(std::ptrdiff_t received, int error);
  // Bytes that the kernel took; none when its buffer is full or the connection broke.
  std::size_t give_to_kernel(Bytes bytes);
  void drop_sent_bytes();

  StreamEvents* events_;      // Borrowed: outlives this.
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
