#include "io/resolve.hpp"

#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "io/socket_address.hpp"

namespace porthole::io {

std::vector<IpAddress> resolve(const std::string& host) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_DGRAM;  // Otherwise each address comes once for every kind of socket.
  addrinfo* list = nullptr;
  if (getaddrinfo(host.c_str(), nullptr, &hints, &list) != 0) return {};
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owned(list, freeaddrinfo);
  std::vector<IpAddress> found;
  for (const addrinfo* entry = list; entry != nullptr; entry = entry->ai_next) {
    sockaddr_storage storage{};
    std::memcpy(&storage, entry->ai_addr, std::min<std::size_t>(entry->ai_addrlen, sizeof storage));
    if (storage.ss_family == AF_INET || storage.ss_family == AF_INET6)
      found.push_back(from_kernel(storage).ip);
  }
  std::stable_partition(found.begin(), found.end(), [](const IpAddress& ip) { return ip.is_v4(); });
  return found;
}

}  // namespace porthole::io
