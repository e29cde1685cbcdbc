// A block of IP addresses, as CIDR writes it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/address.hpp"

namespace porthole {

struct IpNetwork {
  IpAddress ip;
  std::size_t prefix = 0;  // Bits that all its addresses share with `ip`.

  // "192.0.2.0/24", "2001:db8::/32", or one address without a slash. Bits behind the prefix may be set: see
  // first().
  static std::optional<IpNetwork> parse(std::string_view text);

  // Never one of the other family.
  bool contains(const IpAddress& address) const;
  // The block's first address: `ip` without what stands behind the prefix.
  IpAddress first() const;
  std::string to_string() const { return ip.to_string() + "/" + std::to_string(prefix); }

  bool operator==(const IpNetwork&) const = default;
};

}  // namespace porthole
