// A connection as bytes, in clear or encrypted on the way: reads while it is asked to, writes through a
// bounded queue.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <vector>

#include "base/bytes.hpp"
#include "crypto/tls_session.hpp"

namespace porthole::io {

class StreamEvents {
 public:
  virtual ~StreamEvents() = default;

  // Borrows the bytes for this call.
  virtual void on_bytes(Bytes bytes) = 0;
  // The other side will send no more, but may still read.
  virtual void on_end_of_input() = 0;
  // Nothing can be sent or received any more.
  virtual void on_broken() = 0;
  // Everything that was queued has gone to the kernel.
  virtual void on_drained() = 0;
};

// The events come from the loop, never from inside a call, and the stream must live until they return.
class ByteStream {
 public:
  static constexpr std::size_t kUnbounded = std::numeric_limits<std::size_t>::max();

  virtual ~ByteStream() = default;

  virtual void read() = 0;
  virtual void pause() = 0;

  // Appends all of it, or nothing (false) when the queue would grow beyond `max_queued` or the stream is
  // gone.
  virtual bool write(Bytes bytes, std::size_t max_queued = kUnbounded) = 0;
  // Sends what is queued, then says that this was all, and throws away what still comes: closing with unread
  // input would reset the connection and with it destroy an answer on its way.
  virtual void finish() = 0;
  // At once. No event comes any more.
  virtual void close() = 0;

  // Bytes that wait for the client, as they will travel.
  virtual std::size_t queued() const = 0;
  // Ever given to the kernel.
  virtual std::uint64_t sent() const = 0;
};

// Where bytes stand between the kernel and whoever they are for. Shared by all streams of a loop: idle
// connections then cost next to nothing.
struct StreamBuffers {
  static constexpr std::size_t kInput = 64 << 10;

  std::array<std::uint8_t, kInput> input;
  std::array<std::uint8_t, crypto::kMaxTlsPlaintext> plaintext;
  std::vector<std::uint8_t> ciphertext;  // Empty between calls, but keeps some memory.
};

}  // namespace porthole::io
