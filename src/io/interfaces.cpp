#include "io/interfaces.hpp"

#include <ifaddrs.h>
#include <net/if.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "io/socket_address.hpp"
#include "io/sockets.hpp"

namespace porthole::io {
namespace {

struct FreeAddresses {
  void operator()(ifaddrs* list) const { freeifaddrs(list); }
};

std::unique_ptr<ifaddrs, FreeAddresses> read_interfaces() {
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) list = nullptr;
  return std::unique_ptr<ifaddrs, FreeAddresses>(list);
}

IpAddress address_of(const ifaddrs& entry) {
  sockaddr_storage storage{};
  const bool v4 = entry.ifa_addr->sa_family == AF_INET;
  std::memcpy(&storage, entry.ifa_addr, v4 ? sizeof(sockaddr_in) : sizeof(sockaddr_in6));
  return from_kernel(storage).ip;
}

int rank(const IpAddress& ip) {
  if (ip.is_loopback()) return 2;
  return ip.is_v4() ? 0 : 1;
}

}  // namespace

std::vector<IpAddress> local_addresses() {
  std::vector<IpAddress> addresses;
  const auto list = read_interfaces();
  for (const ifaddrs* entry = list.get(); entry != nullptr; entry = entry->ifa_next) {
    if (entry->ifa_addr == nullptr || (entry->ifa_flags & IFF_UP) == 0) continue;
    const auto family = entry->ifa_addr->sa_family;
    if (family != AF_INET && family != AF_INET6) continue;
    const IpAddress ip = address_of(*entry);
    if (ip.is_link_local() || ip.is_unspecified() || std::ranges::count(addresses, ip) > 0) continue;
    addresses.push_back(ip);
  }
  std::ranges::stable_sort(addresses, {}, rank);
  return addresses;
}

std::optional<IpAddress> source_towards(const SocketAddress& peer) {
  const OwnedFd probe(socket(peer.ip.is_v4() ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const KernelAddress target = to_kernel(peer, peer.ip.family());
  // No packet is sent: connecting a datagram socket only looks the route up.
  if (probe.get() < 0 || connect(probe.get(), target.get(), target.size) != 0) return std::nullopt;
  return bound_address(probe.get()).ip;
}

}  // namespace porthole::io
