#include "io/sockets.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "io/socket_address.hpp"

namespace porthole::io {
namespace {

// Bound to the address. The error is an errno.
Result<OwnedFd, int> open_bound(const SocketAddress& listen, int type, Sharing sharing) {
  const int domain = listen.ip.is_v4() ? AF_INET : AF_INET6;
  OwnedFd fd(socket(domain, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (fd.get() < 0) return fail(errno);
  // One socket for both families, whatever the system's default is.
  if (domain == AF_INET6 && !set_option(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, 0)) return fail(errno);
  // Connections of an earlier run in TIME_WAIT must not stop a restart.
  if (type == SOCK_STREAM && !set_option(fd.get(), SOL_SOCKET, SO_REUSEADDR, 1)) return fail(errno);
  const auto share = [&] { return set_option(fd.get(), SOL_SOCKET, SO_REUSEPORT, 1); };
  if (sharing == Sharing::further && !share()) return fail(errno);
  const KernelAddress address = to_kernel(listen, listen.ip.family());
  if (bind(fd.get(), address.get(), address.size) != 0) return fail(errno);
  // Only once it is ours: of two instances that share, the second would take half of the first one's clients
  // away without a word.
  if (sharing == Sharing::first && !share()) return fail(errno);
  return fd;
}

}  // namespace

OwnedFd::~OwnedFd() {
  if (fd_ >= 0) ::close(fd_);
}

bool set_option(int fd, int level, int name, int value) {
  return setsockopt(fd, level, name, &value, sizeof value) == 0;
}

Result<OwnedFd, std::string> open_udp(const SocketAddress& listen, Sharing sharing) {
  auto fd = open_bound(listen, SOCK_DGRAM, sharing);
  if (!fd) return fail(explain_open_error(fd.error(), listen));
  const bool reported = listen.ip.is_v4() ? set_option(fd->get(), IPPROTO_IP, IP_PKTINFO, 1)
                                          : set_option(fd->get(), IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
  if (!reported) return fail(explain_open_error(errno, listen));
  return std::move(*fd);
}

Result<OwnedFd, std::string> open_listener(const SocketAddress& listen, Sharing sharing) {
  auto fd = open_bound(listen, SOCK_STREAM, sharing);
  if (!fd) return fail(explain_open_error(fd.error(), listen));
  if (::listen(fd->get(), SOMAXCONN) != 0) return fail(explain_open_error(errno, listen));
  return std::move(*fd);
}

SocketAddress bound_address(int fd) {
  KernelAddress address;
  address.size = sizeof address.storage;
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&address.storage), &address.size) != 0) return {};
  return from_kernel(address.storage);
}

std::string explain_open_error(int error, const SocketAddress& listen) {
  const std::string port = "port " + std::to_string(listen.port);
  switch (error) {
    case EADDRINUSE:
      return port + " is in use by another program; choose another with --port";
    case EACCES:
    case EPERM:
      return port +
             " needs privileges: run with CAP_NET_BIND_SERVICE (setcap cap_net_bind_service=+ep on the " +
             "program), or choose a port from 1024 up with --port";
    case EADDRNOTAVAIL:
      return "address " + listen.ip.to_string() + " is not on this machine";
    case EAFNOSUPPORT:
      return "this machine has no IPv6: listen on an IPv4 address instead of " + listen.ip.to_string();
    case EMFILE:
    case ENFILE:
      return "too many open files: raise the limit (ulimit -n)";
    default:
      return "cannot open " + listen.to_string() + ": " + std::generic_category().message(error);
  }
}

}  // namespace porthole::io
