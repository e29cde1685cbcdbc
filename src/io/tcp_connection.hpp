// One accepted connection on its way: first bytes, perhaps TLS and first bytes again, then HTTP or a stream,
// then the end.
#pragma once

#include <memory>
#include <vector>

#include "crypto/tls.hpp"
#include "io/http_connection.hpp"
#include "io/tcp_port.hpp"
#include "io/tcp_stream.hpp"
#include "io/tls_stream.hpp"

namespace porthole::io {

class TcpConnection;

// What connections share. It outlives them all.
class ConnectionHost {
 public:
  virtual ~ConnectionHost() = default;

  virtual StreamHandler& streams() = 0;
  virtual HttpHandler& http() = 0;
  virtual const TcpOptions& options() const = 0;
  // nullptr where TLS is not spoken.
  virtual const crypto::TlsContext* tls() const = 0;
  // Whether one more TLS handshake of that client may begin now; counted if so.
  virtual bool may_shake_hands(const IpAddress& client) = 0;
  // Whether whoever connects from there may say that it is somebody else.
  virtual bool trusts(const IpAddress& source) const = 0;
  // The connection is counted by that address from now on. False when it has as many as it may have.
  virtual bool count_as(const TcpConnection& connection, const IpAddress& client) = 0;
  virtual StreamBuffers& buffers() = 0;
  // handle_timeout() is called then; replaces the deadline before.
  virtual void set_deadline(ConnectionId connection, Instant deadline) = 0;
  // Closes it and forgets it; the connection's own functions may still be on the stack.
  virtual void remove(ConnectionId connection) = 0;
};

class TcpConnection final : private StreamEvents, private HttpTransport {
 public:
  TcpConnection(EventLoop& loop, OwnedFd fd, const FiveTuple& path, ConnectionHost& host);

  void start();
  // A record size of 0: whatever TLS makes of the bytes.
  TcpPort::Sent send(Bytes bytes, std::size_t record_size, std::size_t max_queued);
  void finish_stream();
  void handle_timeout();
  // At once and without a word to the handlers. Says whether the stream handler knows this connection.
  bool close();

  const FiveTuple& path() const { return path_; }

 private:
  enum class Stage : std::uint8_t { first_bytes, waiting, http, stream, finishing, closed };

  void on_bytes(Bytes bytes) override;
  void on_end_of_input() override;
  void on_broken() override;
  void on_drained() override;

  void write(std::string_view bytes) override;
  std::size_t queued() const override;
  void want_bytes(bool wanted) override;
  void set_deadline(Instant deadline) override;
  void finish() override;
  void upgrade(Bytes rest) override;

  void classify(Bytes bytes);
  void take_proxy_header();
  void begin_http(Bytes first_bytes);
  void handle_http(Bytes bytes);
  void begin_tls(Bytes first_bytes);
  void wait_for_handshake(Bytes first_bytes);
  void hold(Bytes bytes);
  void try_handshake_again();
  void begin_stream(Bytes first_bytes);
  void hand_over(Bytes bytes);
  void finish_sending();
  bool client_took_something();
  void end();

  ConnectionHost& host_;  // Borrowed: outlives this.

  // Constant once anybody hears of it: until then the transport may become TLS, and `remote` the address that
  // a proxy announces. `local` stays the address that was hit here, which datagrams reach as well.
  FiveTuple path_;
  TcpStream tcp_;
  std::unique_ptr<TlsStream> tls_;
  ByteStream* stream_ = &tcp_;  // The outermost.
  Stage stage_ = Stage::first_bytes;
  std::vector<std::uint8_t> first_bytes_;
  bool is_announced_ = false;  // A proxy has said who this is.
  Instant give_up_at_{};       // While waiting.
  std::shared_ptr<HttpConnection>
      http_;  // Shared with nobody for longer than a call: replies hold it weakly.
  std::uint64_t sent_at_last_deadline_ = 0;
};

}  // namespace porthole::io
