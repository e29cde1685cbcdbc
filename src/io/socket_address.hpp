// Our addresses to and from the kernel's.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include "base/address.hpp"

namespace porthole::io {

struct KernelAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

// For a socket of the given family. An IPv4 address becomes ::ffff:a.b.c.d on an IPv6 socket; an IPv6
// address on an IPv4 socket has no form, and size stays 0.
KernelAddress to_kernel(const SocketAddress& address, Family socket_family);

// IPv4 that came through an IPv6 socket is plain IPv4 here. Link-local addresses keep their zone.
SocketAddress from_kernel(const sockaddr_storage& storage);
IpAddress from_kernel(const in_addr& address);
IpAddress from_kernel(const in6_addr& address);

in_addr to_in_addr(const IpAddress& ip);
// IPv4 as ::ffff:a.b.c.d.
in6_addr to_in6_addr(const IpAddress& ip);

}  // namespace porthole::io
