// TLS between a TCP connection and whoever it is for: the same stream, encrypted on the way.
#pragma once

#include <memory>
#include <optional>

#include "crypto/tls_session.hpp"
#include "io/byte_stream.hpp"
#include "io/tcp_stream.hpp"

namespace porthole::io {

// What TLS says by itself (alerts, key updates) while the client reads nothing, beyond the queue's bound. A
// client that makes it say more is given up.
constexpr std::size_t kMaxTlsOverhead = 16 << 10;

class TlsStream final : public ByteStream, private StreamEvents {
 public:
  // Hears the events of `below` from now on, and passes them on to `above` as they are in clear. Both outlive
  // this. `max_queued` bounds what TLS itself may put into the queue.
  TlsStream(TcpStream& below, StreamEvents& above, std::unique_ptr<crypto::TlsSession> session,
            StreamBuffers& buffers, std::size_t max_queued);

  // The bytes that showed that this is TLS.
  void begin(Bytes first_bytes) { on_bytes(first_bytes); }

  void read() override { below_.read(); }
  void pause() override { below_.pause(); }
  // `max_queued` is meant for what the bytes become.
  bool write(Bytes bytes, std::size_t max_queued = kUnbounded) override {
    return write_records(bytes, bytes.size(), max_queued);
  }
  // The same in records of that size, of which the last may be shorter; one that is longer than a record may
  // be becomes several.
  bool write_records(Bytes bytes, std::size_t record_size, std::size_t max_queued);
  void finish() override;
  void close() override;
  std::size_t queued() const override { return below_.queued(); }
  std::uint64_t sent() const override { return below_.sent(); }

 private:
  void on_bytes(Bytes bytes) override;
  void on_end_of_input() override { above_.on_end_of_input(); }
  void on_broken() override { above_.on_broken(); }
  void on_drained() override { above_.on_drained(); }

  // RFC 8446 section 6.1: so that the client knows that nobody cut the connection.
  void say_goodbye();
  // Sends what TLS has to say to it, too; nullopt when the client leaves too much of that unread.
  std::optional<Bytes> decrypt(Bytes& bytes);

  // Constant after construction.
  const std::size_t max_queued_;

  // Borrowed: outlive this.
  TcpStream& below_;
  StreamEvents& above_;
  StreamBuffers& buffers_;

  std::unique_ptr<crypto::TlsSession> session_;
  bool is_closed_ = false;
};

}  // namespace porthole::io
