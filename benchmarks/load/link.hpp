// What a viewer's messages travel by, over one socket of its own: datagrams, or frames on a stream.
#pragma once

#include <cstdint>
#include <string>

#include "base/address.hpp"
#include "base/bytes.hpp"
#include "load/clock.hpp"

namespace porthole::load {

class LinkEvents {
 public:
  virtual ~LinkEvents() = default;
  virtual void link_opened() = 0;
  // Borrowed for the call.
  virtual void link_received(Bytes message, Arrival arrival) = 0;
  // What was there to be read has been told.
  virtual void link_drained() = 0;
  // The link is of no use any more.
  virtual void link_failed(const std::string& reason) = 0;
};

class Link {
 public:
  virtual ~Link() = default;
  // Begins; link_opened() follows, maybe before this returns.
  virtual void open() = 0;
  virtual void send(Bytes message) = 0;
  virtual SocketAddress local() const = 0;
  // Datagrams that came and found no room in the socket: lost here, not by the server.
  virtual std::uint64_t dropped() const { return 0; }
};

}  // namespace porthole::load
