// One client's allocation: its relayed label, permissions and channels, each with the time at which it ends.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/address.hpp"
#include "base/packet.hpp"
#include "base/time.hpp"
#include "wire/stun.hpp"

namespace porthole::turn {

// A number that is never used again within one server.
enum class AllocationId : std::uint64_t { none = 0 };

// RFC 8656 section 9: a permission is for an IP address, whatever the port.
struct Permission {
  IpAddress peer;
  Instant expires{};
};

struct ChannelBinding {
  std::uint16_t number = 0;
  SocketAddress peer;
  Instant expires{};
};

struct Allocation {
  AllocationId id = AllocationId::none;
  FiveTuple client;
  SocketAddress relayed;  // The label.
  std::string username;   // Only this user may change it (RFC 8656 section 5).
  Instant expires{};

  // What the answer to the Allocate said, so that a retransmission gets the very same one.
  stun::TransactionId transaction{};
  std::uint32_t granted_seconds = 0;

  // A handful each: a linear search beats any tree.
  std::vector<Permission> permissions;
  std::vector<ChannelBinding> channels;

  // Live ones only: what has expired is as if it were not there.
  const Permission* permission(const IpAddress& peer, Instant now) const;
  const ChannelBinding* channel(std::uint16_t number, Instant now) const;
  const ChannelBinding* channel_to(const SocketAddress& peer, Instant now) const;

  // Both drop what has expired, so that the vectors stay as small as the limits say. Return true when it was
  // not there before, false when it was renewed.
  bool permit(const IpAddress& peer, Instant now);
  bool bind(std::uint16_t number, const SocketAddress& peer, Instant now);
};

}  // namespace porthole::turn
