// Where the relayed transport addresses of allocations come from: labels that no socket has, or real sockets.
#pragma once

#include <cstdint>
#include <optional>

#include "base/address.hpp"
#include "base/time.hpp"

namespace porthole::turn {

class RelayAddresses {
 public:
  virtual ~RelayAddresses() = default;

  // RFC 8656 section 7.2 steps 5 and 6: what EVEN-PORT asks for.
  enum class Parity : std::uint8_t { any, even, even_and_next };

  struct Taken {
    SocketAddress address;
    std::optional<SocketAddress> next;  // With even_and_next: the port above, kept as well.
  };

  // One address (two with even_and_next) on `ip` that nobody else has; nullopt when there is none to be had.
  // What is taken stays so until release().
  virtual std::optional<Taken> take(const IpAddress& ip, Parity parity, Instant now) = 0;
  // Somebody has come for what was kept as `next`, by this or by another server of the port. False when it
  // cannot be used.
  virtual bool adopt(const SocketAddress& next) = 0;
  virtual void release(const SocketAddress& address, Instant now) = 0;
};

}  // namespace porthole::turn
