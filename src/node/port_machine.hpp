// What the sockets and timers of the one port drive, whatever stands behind the port.
#pragma once

#include <optional>

#include "base/http.hpp"
#include "base/packet.hpp"
#include "base/time.hpp"

namespace porthole::node {

// After each call that takes something in, drain poll_transmit(), poll_stream() and poll_refused(),
// and look at next_timeout(). One thread.
class PortMachine {
 public:
  virtual ~PortMachine() = default;

  // What time of day it is; to be told again now and then.
  virtual void set_wall_clock(const WallClock& wall) = 0;

  virtual void handle_datagram(const Datagram& datagram, Instant now) = 0;
  // Bytes of a connection that does not speak HTTP, however they are cut, but for the first ones: they are
  // enough for wire::classify_stream(). And its end.
  virtual void handle_stream(const FiveTuple& path, Bytes bytes, Instant now) = 0;
  virtual void handle_stream_closed(const FiveTuple& path, Instant now) = 0;
  // A batch has to wait in the connection's own queue, which is short: answers may still be sent, what can
  // wait elsewhere had better do so until handle_stream_writable(). Comes between calls of poll_transmit().
  virtual void handle_stream_blocked(ConnectionId connection) = 0;
  virtual void handle_stream_writable(ConnectionId connection, Instant now) = 0;
  // nullopt for paths that are not the machine's.
  virtual std::optional<HttpResponse> handle_http(const HttpRequest& request, Instant now) = 0;
  virtual void handle_timeout(Instant now) = 0;

  // The next batch to send, from the socket at `out.to.local`; false when there is none.
  virtual bool poll_transmit(TransmitBatch& out, Instant now) = 0;
  // The next bytes for a stream whose backlog the machine keeps itself: one piece at a time, the next one
  // after handle_stream_writable().
  virtual bool poll_stream(StreamWrite&, Instant) { return false; }
  // A connection that does not speak what it may: to be closed. The machine keeps nothing of it.
  virtual std::optional<ConnectionId> poll_refused() = 0;
  // Instant::max() when idle.
  virtual Instant next_timeout() const = 0;
};

}  // namespace porthole::node
