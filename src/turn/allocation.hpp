// One client's allocation: its relayed addresses, permissions and channels, with the times at which they end.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/address.hpp"
#include "base/packet.hpp"
#include "base/quota.hpp"
#include "base/time.hpp"
#include "turn/byte_budget.hpp"
#include "turn/reservations.hpp"
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

// By family: one, or both where the client asked for an additional one (RFC 8656 section 7.2).
class RelayedAddresses {
 public:
  const std::optional<SocketAddress>& in(Family family) const { return by_family_[index(family)]; }
  void set(const SocketAddress& address) { by_family_[index(address.ip.family())] = address; }
  void clear(Family family) { by_family_[index(family)].reset(); }
  bool empty() const { return !by_family_[0] && !by_family_[1]; }

  auto begin() const { return by_family_.begin(); }  // For loops: the IPv4 one first, either may be missing.
  auto end() const { return by_family_.end(); }

 private:
  static std::size_t index(Family family) { return family == Family::ipv4 ? 0 : 1; }

  std::array<std::optional<SocketAddress>, 2> by_family_;
};

struct Allocation {
  AllocationId id = AllocationId::none;
  FiveTuple client;
  RelayedAddresses relayed;
  std::string username;  // Only this user may change it (RFC 8656 section 5).
  Instant expires{};
  Quota<IpAddress>::Share of_client;
  Quota<std::string>::Share of_user;

  // What the answer to the Allocate said, so that a retransmission gets the very same one.
  stun::TransactionId transaction{};
  std::uint32_t granted_seconds = 0;
  std::optional<ReservationToken> reservation;
  // Why there is no address of a family that was asked for beside the other.
  struct Missing {
    Family family = Family::ipv6;
    stun::ErrorCode why = stun::ErrorCode::insufficient_capacity;
  };
  std::optional<Missing> missing;

  // Payload that may still pass, from the client and towards it.
  ByteBudget from_client;
  ByteBudget to_client;

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
