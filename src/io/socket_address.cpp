#include "io/socket_address.hpp"

#include <algorithm>
#include <cstring>

namespace porthole::io {
namespace {

template <class T>
T read_as(const sockaddr_storage& storage) {
  T value;
  std::memcpy(&value, &storage, sizeof value);
  return value;
}

template <class T>
KernelAddress wrap(const T& value) {
  KernelAddress address;
  std::memcpy(&address.storage, &value, sizeof value);
  address.size = sizeof value;
  return address;
}

}  // namespace

KernelAddress to_kernel(const SocketAddress& address, Family socket_family) {
  if (socket_family == Family::ipv6) {
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(address.port);
    v6.sin6_addr = to_in6_addr(address.ip);
    v6.sin6_scope_id = address.ip.zone();
    return wrap(v6);
  }
  if (!address.ip.is_v4()) return {};
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  v4.sin_port = htons(address.port);
  v4.sin_addr = to_in_addr(address.ip);
  return wrap(v4);
}

SocketAddress from_kernel(const sockaddr_storage& storage) {
  if (storage.ss_family == AF_INET) {
    const auto v4 = read_as<sockaddr_in>(storage);
    return {from_kernel(v4.sin_addr), ntohs(v4.sin_port)};
  }
  if (storage.ss_family == AF_INET6) {
    const auto v6 = read_as<sockaddr_in6>(storage);
    return {from_kernel(v6.sin6_addr).with_zone(v6.sin6_scope_id), ntohs(v6.sin6_port)};
  }
  return {};
}

IpAddress from_kernel(const in_addr& address) {
  return IpAddress::v4(ntohl(address.s_addr));
}

IpAddress from_kernel(const in6_addr& address) {
  return IpAddress::v6(std::span<const std::uint8_t, 16>(address.s6_addr)).unmapped();
}

in_addr to_in_addr(const IpAddress& ip) {
  return {.s_addr = htonl(load_u32(ip.bytes().data()))};
}

in6_addr to_in6_addr(const IpAddress& ip) {
  in6_addr address{};
  const Bytes bytes = ip.bytes();
  if (ip.is_v4()) address.s6_addr[10] = address.s6_addr[11] = 0xff;
  std::copy(bytes.begin(), bytes.end(), address.s6_addr + (sizeof address.s6_addr - bytes.size()));
  return address;
}

}  // namespace porthole::io
