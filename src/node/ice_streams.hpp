// The connections that speak ICE-TCP (RFC 6544): cuts them into packets, and gives up those that are no
// viewer's way.
#pragma once

#include <deque>
#include <optional>
#include <unordered_map>

#include "base/packet.hpp"
#include "base/result.hpp"
#include "base/timer_queue.hpp"
#include "node/neighbours.hpp"
#include "node/viewers.hpp"
#include "wire/stream_framing.hpp"

namespace porthole::node {

// A viewer sends checks, DTLS and RTCP, all of them short enough for a datagram. Nothing is collected for a
// longer packet.
constexpr std::size_t kMaxIcePacket = 2048;

// After each call that takes something in, drain poll_refused(), and look at next_timeout().
class IceStreams {
 public:
  // Whose routes lead through the connections, here and elsewhere. Borrowed.
  IceStreams(const Viewers& viewers, const Neighbours& neighbours)
      : viewers_(viewers), neighbours_(neighbours) {}

  // Whether the connection is one of these; a new one is when its first bytes say so.
  bool accept(const FiveTuple& path, Bytes bytes, Instant now);
  // The next packet of an accepted connection: see wire::StreamFramer::next(). After an error the connection
  // is refused.
  Result<std::optional<Bytes>, wire::StreamError> next(const FiveTuple& path, Bytes& bytes);
  void handle_closed(const FiveTuple& path);
  void handle_timeout(Instant now);

  // A connection that lost its framing, or on which no viewer has proved itself in time: to be closed.
  // Nothing of it is kept here.
  std::optional<ConnectionId> poll_refused();
  Instant next_timeout() const { return looks_.next(); }

 private:
  struct Stream {
    FiveTuple path;
    wire::StreamFramer framer{wire::StreamFraming::length_prefix};
    bool was_used = false;  // When it was last looked at.
  };

  void look_at(Stream& stream, Instant now);
  void refuse(const FiveTuple& path);

  const Viewers& viewers_;        // Borrowed.
  const Neighbours& neighbours_;  // Borrowed.

  std::unordered_map<ConnectionId, Stream> streams_;  // The one port bounds how many there are.
  mutable TimerQueue<ConnectionId> looks_;
  std::deque<ConnectionId> refused_;  // A few a call, until the owner drains them.
};

}  // namespace porthole::node
