// The TCP side of the one port: accepts, finds out what each connection speaks, and hands it over.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/ip_network.hpp"
#include "base/packet.hpp"
#include "base/quota.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "crypto/tls.hpp"
#include "io/http_handler.hpp"
#include "io/sockets.hpp"

namespace porthole::io {

class EventLoop;

// Who serves the connections that do not speak HTTP, or no longer: one whose request is answered with 101 is
// a stream from then on.
class StreamHandler {
 public:
  virtual ~StreamHandler() = default;

  // The first call for a connection carries its very first bytes, enough of them for wire::classify_stream()
  // to tell what it speaks, or what comes behind the request that was answered with 101. Borrows the bytes
  // for this call.
  virtual void on_stream_data(const FiveTuple& path, Bytes bytes) = 0;
  // Ended by the client, the network, a timeout or shut_down(); not after TcpPort::close(). Comes only for
  // connections that had on_stream_data().
  virtual void on_stream_closed(const FiveTuple& path) = 0;
  // Nothing that was sent waits any more, after TcpPort::send() said that something did.
  virtual void on_stream_writable(const FiveTuple& path) = 0;
};

struct HttpTimeouts {
  // From a request's first byte to its last: one byte a second must not hold a connection.
  Duration request = 10s;
  Duration idle = 30s;   // Between requests, and while a client takes nothing of a response.
  Duration reply = 30s;  // For the handler.
};

constexpr std::size_t kMaxConnections = 10'000;
// See IpAddress::customer().
constexpr std::size_t kMaxConnectionsPerAddress = 1'000;
// Per connection, behind what the kernel holds: about 3 s of video at 2.5 Mbit/s.
constexpr std::size_t kMaxQueuedBytes = 1 << 20;
// A connection that has not shown by then what it speaks is closed.
constexpr Duration kFirstBytesTimeout = 5s;
// From the first byte of TLS to the first bytes in clear that show what it carries, however slowly the
// handshake goes on meanwhile. Mobile networks need a few round trips and retransmissions for it.
constexpr Duration kTlsTimeout = 10s;
// TLS handshakes of one customer, at once and each second from then on; one costs 0.15 ms with an ECDSA key
// and 1 ms with RSA. All the connections that an address may have may begin at once, as those of an office do
// when the server has restarted; who comes beyond that waits for a moment.
constexpr std::uint32_t kTlsHandshakeBurst = kMaxConnectionsPerAddress;
constexpr std::uint32_t kTlsHandshakesPerSecond = 100;
// RFC 8656 section 7.2: a TURN client refreshes its allocation every 10 minutes unless it asked for longer,
// and ICE's consent checks (RFC 7675) come every few seconds where media flows.
constexpr Duration kStreamIdleTimeout = 15min;

struct TcpOptions {
  // By IpAddress::customer().
  std::shared_ptr<Quota<IpAddress>> quota = std::make_shared<PlainQuota<IpAddress>>(
      QuotaLimits{.in_all = kMaxConnections, .of_a_kind = kMaxConnectionsPerAddress});
  std::size_t max_queued_bytes = kMaxQueuedBytes;
  Duration first_bytes_timeout = kFirstBytesTimeout;
  Duration tls_timeout = kTlsTimeout;
  Duration stream_idle_timeout = kStreamIdleTimeout;
  std::uint32_t tls_handshake_burst = kTlsHandshakeBurst;
  std::uint32_t tls_handshakes_per_second = kTlsHandshakesPerSecond;
  // Who is believed when it says, by the PROXY protocol, on whose behalf it connects. They may have any
  // number of connections; those for whom they speak are counted each by its own address.
  std::vector<IpNetwork> trusted_proxies = {};
  HttpTimeouts http;
};

class TcpPort {
 public:
  // The handlers outlive the port.
  TcpPort(EventLoop& loop, StreamHandler& streams, HttpHandler& http, const TcpOptions& options = {});
  ~TcpPort();

  // Once for each address; returns it as bound (port 0 takes any free one). The error is a sentence for
  // whoever started the program. [::] serves IPv4 too.
  Result<SocketAddress, std::string> listen(const SocketAddress& address, Sharing sharing = Sharing::none);

  // Speaks TLS with whoever begins it, as HTTP or a stream inside. May be replaced at any time: connections
  // keep what they began with. Until the first call they are closed.
  void use_tls(std::shared_ptr<const crypto::TlsContext> context);

  // `blocked`: it goes, but something of it or before it waits for the client to take more. Until
  // on_stream_writable(), what follows only waits behind.
  // `dropped`: nothing of it goes, since too much waits already, or the connection is gone.
  enum class Sent : std::uint8_t { sent, blocked, dropped };
  // Whole batches in order, by batch.to.connection.
  Sent send(const TransmitBatch& batch);
  // However much waits already: for callers that write no more while the connection is blocked.
  Sent write(ConnectionId connection, Bytes bytes);
  // Sends what is queued, and then ends the connection; the handler hears nothing more of it.
  void finish(ConnectionId connection);
  // At once, with what is still queued. Harmless for connections that are gone.
  void close(ConnectionId connection);
  // Stops listening and closes every connection.
  void shut_down();

  std::size_t connections() const;

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace porthole::io
