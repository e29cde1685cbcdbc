// IP addresses and transport addresses, as values.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.hpp"

namespace porthole {

enum class Family : std::uint8_t { ipv4, ipv6 };

class IpAddress {
 public:
  constexpr IpAddress() = default;  // 0.0.0.0
  static IpAddress v4(std::uint32_t host_order);
  static IpAddress v4(std::span<const std::uint8_t, 4> bytes);
  // An IPv4-mapped address (::ffff:a.b.c.d) stays IPv6 here: see unmapped().
  static IpAddress v6(std::span<const std::uint8_t, 16> bytes);
  // Dotted decimal, or RFC 4291 text without zone or brackets.
  static std::optional<IpAddress> parse(std::string_view text);

  Family family() const { return family_; }
  bool is_v4() const { return family_ == Family::ipv4; }
  // 4 or 16 bytes in network order; borrows from this.
  Bytes bytes() const { return Bytes(bytes_).first(is_v4() ? 4 : 16); }

  bool is_unspecified() const;
  bool is_loopback() const;
  bool is_link_local() const;
  bool is_multicast() const;
  // RFC 1918 and RFC 4193.
  bool is_private() const;
  // ::ffff:a.b.c.d as a.b.c.d; anything else unchanged. Sockets that carry both families need it.
  IpAddress unmapped() const;
  // Of a link-local IPv6 address, the interface that it is reached by, where known (RFC 4007); 0 for all
  // others.
  std::uint32_t zone() const { return zone_; }
  IpAddress with_zone(std::uint32_t zone) const;
  // What limits per address count by: an IPv6 client by its /64, which is what one customer gets.
  IpAddress customer() const;

  // RFC 5952 text for IPv6, without the zone: it means nothing to others.
  std::string to_string() const;

  auto operator<=>(const IpAddress&) const = default;

 private:
  Family family_ = Family::ipv4;
  std::array<std::uint8_t, 16> bytes_{};
  std::uint32_t zone_ = 0;
};

struct SocketAddress {
  IpAddress ip;
  std::uint16_t port = 0;

  // "192.0.2.1:8443" or "[2001:db8::1]:8443".
  static std::optional<SocketAddress> parse(std::string_view text);
  std::string to_string() const;

  auto operator<=>(const SocketAddress&) const = default;
};

std::size_t hash_bytes(Bytes bytes, std::size_t seed = 0);

}  // namespace porthole

template <>
struct std::hash<porthole::IpAddress> {
  std::size_t operator()(const porthole::IpAddress& ip) const { return porthole::hash_bytes(ip.bytes()); }
};

template <>
struct std::hash<porthole::SocketAddress> {
  std::size_t operator()(const porthole::SocketAddress& address) const {
    return porthole::hash_bytes(address.ip.bytes(), address.port);
  }
};
