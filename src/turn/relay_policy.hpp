// What only the node knows: the address that labels carry, and which peers exist.
#pragma once

#include <optional>

#include "base/address.hpp"
#include "base/packet.hpp"

namespace porthole::turn {

class RelayPolicy {
 public:
  virtual ~RelayPolicy() = default;

  // The IP of this client's relayed label: in the family of the candidate that it will be paired with, or in
  // `requested` when the client asked for one. nullopt when there is none: the client gets 440.
  virtual std::optional<IpAddress> relay_ip(const FiveTuple& client,
                                            std::optional<Family> requested) const = 0;

  // Whether this client may reach that very address and port. Asked for each request and for each message
  // from client to peer, so that an answer that changes takes effect at once.
  virtual bool allows_peer(const SocketAddress& peer, const FiveTuple& client) const = 0;
};

}  // namespace porthole::turn
