// The few system calls of the relay's load, each either done or the end of the program.
#pragma once

#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>

namespace porthole::bench {

inline void require(bool success, const char* what) {
  if (success) return;
  std::perror(what);
  std::exit(1);
}

// CLOCK_REALTIME, which is also what the kernel stamps packets with.
inline std::int64_t nanoseconds(const timespec& time) {
  return time.tv_sec * 1'000'000'000LL + time.tv_nsec;
}
inline std::int64_t now_nanoseconds() {
  timespec time{};
  clock_gettime(CLOCK_REALTIME, &time);
  return nanoseconds(time);
}

inline sockaddr_in loopback_at(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

inline void set(int fd, int level, int name, int value) {
  require(setsockopt(fd, level, name, &value, sizeof value) == 0, "setsockopt");
}

// On loopback, and stamped on arrival; port 0 takes any.
inline int open_socket(int type, std::uint16_t port = 0) {
  constexpr int kRoom = 4 << 20;
  const int fd = socket(AF_INET, type, 0);
  require(fd >= 0, "socket");
  const sockaddr_in address = loopback_at(port);
  if (type == SOCK_DGRAM) {
    require(bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0, "bind");
    set(fd, SOL_SOCKET, SO_RCVBUF, kRoom);
  }
  set(fd, SOL_SOCKET, SO_TIMESTAMPNS, 1);
  return fd;
}

inline void connect_to(int fd, std::uint16_t port) {
  const sockaddr_in address = loopback_at(port);
  require(connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0, "connect");
}

inline std::uint16_t port_of(int fd) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  require(getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0, "getsockname");
  return ntohs(address.sin_port);
}

}  // namespace porthole::bench
