#include "check/socket.hpp"

#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <future>
#include <memory>
#include <thread>

#include "check/race.hpp"
#include "io/resolve.hpp"
#include "io/socket_address.hpp"

namespace porthole::check {
namespace {

// How often a wait looks whether it is still wanted.
constexpr auto kGlance = std::chrono::milliseconds(20);

bool wait_ready(int fd, short events, const Deadline& deadline) {
  while (!deadline.passed()) {
    const auto most =
        !deadline.may_be_cancelled() ? deadline.left() : std::min<Duration>(deadline.left(), kGlance);
    const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(most).count();
    pollfd waiting{fd, events, 0};
    if (poll(&waiting, 1, static_cast<int>(milliseconds)) > 0) return true;
  }
  return false;
}

Result<io::OwnedFd, Fault> begin_connect(const SocketAddress& address, int type) {
  const int family = address.ip.is_v4() ? AF_INET : AF_INET6;
  io::OwnedFd fd(::socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (fd.get() < 0) return fail(fault_of_errno(errno));
  const io::KernelAddress remote = io::to_kernel(address, address.ip.family());
  if (::connect(fd.get(), remote.get(), remote.size) < 0 && errno != EINPROGRESS) {
    return fail(fault_of_errno(errno));
  }
  return fd;
}

int pending_error(int fd) {
  int error = 0;
  socklen_t size = sizeof error;
  return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

bool would_block() {
  return errno == EAGAIN || errno == EINTR;
}

}  // namespace

Result<std::vector<SocketAddress>, Fault> resolve(const std::string& host, std::uint16_t port,
                                                  const Deadline& deadline) {
  std::vector<SocketAddress> addresses;
  if (const auto ip = IpAddress::parse(host)) {
    addresses.push_back({*ip, port});
    return addresses;
  }
  // The system's resolver knows no deadline, so that its thread is left alone with it.
  auto answer = std::make_shared<std::promise<std::vector<IpAddress>>>();
  auto found = answer->get_future();
  std::thread([answer, host] { answer->set_value(io::resolve(host)); }).detach();
  if (found.wait_for(deadline.left()) != std::future_status::ready) {
    return fail(Fault{Reason::no_such_name, "The name server does not answer."});
  }
  for (const IpAddress& ip : found.get()) {
    if (addresses.size() < kMaxRacers) addresses.push_back({ip, port});
  }
  if (addresses.empty()) return fail(Fault{Reason::no_such_name, "This name has no address here."});
  return addresses;
}

Result<io::OwnedFd, Fault> connect_tcp(const SocketAddress& address, const Deadline& deadline) {
  auto fd = begin_connect(address, SOCK_STREAM);
  if (!fd) return fd;
  if (!wait_ready(fd->get(), POLLOUT, deadline)) return fail(Fault{Reason::timeout, {}});
  if (const int error = pending_error(fd->get()); error != 0) return fail(fault_of_errno(error));
  io::set_option(fd->get(), IPPROTO_TCP, TCP_NODELAY, 1);
  return fd;
}

Result<io::OwnedFd, Fault> connect_udp(const SocketAddress& address) {
  return begin_connect(address, SOCK_DGRAM);
}

Result<std::size_t, Fault> read_some(int fd, MutableBytes buffer, const Deadline& deadline) {
  while (wait_ready(fd, POLLIN, deadline)) {
    const ssize_t count = ::recv(fd, buffer.data(), buffer.size(), 0);
    if (count >= 0) return static_cast<std::size_t>(count);
    if (!would_block()) return fail(fault_of_errno(errno));
  }
  return fail(Fault{Reason::timeout, {}});
}

Result<void, Fault> write_all(int fd, Bytes bytes, const Deadline& deadline) {
  while (!bytes.empty()) {
    const ssize_t count = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count >= 0) {
      bytes = bytes.subspan(static_cast<std::size_t>(count));
    } else if (!would_block()) {
      return fail(fault_of_errno(errno));
    } else if (!wait_ready(fd, POLLOUT, deadline)) {
      return fail(Fault{Reason::timeout, {}});
    }
  }
  return {};
}

}  // namespace porthole::check
