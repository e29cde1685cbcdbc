// Opens the sockets of the one port, and says in words why one cannot be opened.
#pragma once

#include <cstdint>
#include <string>

#include "base/address.hpp"
#include "base/result.hpp"

namespace porthole::io {

// A descriptor that closes itself unless it is released to somebody.
class OwnedFd {
 public:
  explicit OwnedFd(int fd = -1) : fd_(fd) {}
  ~OwnedFd();
  OwnedFd(OwnedFd&& other) noexcept : fd_(other.release()) {}
  OwnedFd& operator=(OwnedFd&&) = delete;

  int get() const { return fd_; }
  int release() {
    const int fd = fd_;
    fd_ = -1;
    return fd;
  }

 private:
  int fd_;
};

// True, and the option is set, unless the kernel refuses.
bool set_option(int fd, int level, int name, int value);

// How an address is shared by several sockets of this process, among which the kernel divides what arrives,
// by the client's address.
enum class Sharing : std::uint8_t {
  none,
  first,    // Fails where anybody else has the address; others of ours may then have it too.
  further,  // Joins the first one.
};

// Bound, non-blocking; an IPv6 socket serves IPv4 too. With the local address reported for each datagram.
Result<OwnedFd, std::string> open_udp(const SocketAddress& listen, Sharing sharing = Sharing::none);
// Bound and listening, non-blocking.
Result<OwnedFd, std::string> open_listener(const SocketAddress& listen, Sharing sharing = Sharing::none);

// The local address as bound.
SocketAddress bound_address(int fd);

// What to tell whoever started the program; `error` is an errno.
std::string explain_open_error(int error, const SocketAddress& listen);

}  // namespace porthole::io
