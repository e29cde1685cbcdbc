#include "io/relay_sockets.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>

#include "io/event_loop.hpp"
#include "io/socket_address.hpp"
#include "io/sockets.hpp"

namespace porthole::io {
namespace {

// Sockets that are read in one turn, each with one system call, so that timers and clients have theirs.
constexpr std::size_t kReadyAtOnce = 64;

// A keyframe at once, or 50 ms of the fastest stream; the kernel caps what it gives.
constexpr int kSocketBuffer = 512 << 10;

// Bound, non-blocking, and of one family alone. The error is an errno.
Result<OwnedFd, int> bind_relay(const SocketAddress& address) {
  const int domain = address.ip.is_v4() ? AF_INET : AF_INET6;
  OwnedFd fd(socket(domain, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (fd.get() < 0) return fail(errno);
  // What comes as ::ffff:a.b.c.d is an IPv4 packet, and would be judged as something that it is not.
  if (domain == AF_INET6 && !set_option(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, 1)) return fail(errno);
  const KernelAddress local = to_kernel(address, address.ip.family());
  if (bind(fd.get(), local.get(), local.size) != 0) return fail(errno);
  set_option(fd.get(), SOL_SOCKET, SO_RCVBUF, kSocketBuffer);
  set_option(fd.get(), SOL_SOCKET, SO_SNDBUF, kSocketBuffer);
  coalesce_arrivals(fd.get());
  return fd;
}

}  // namespace

class RelaySockets::Socket {
 public:
  Socket(OwnedFd fd, const SocketAddress& local)
      : local_(local),
        fd_(std::move(fd)),
        sender_(fd_.get(), local.ip.family(), kernel_can_segment(fd_.get())) {}

  // What the socket has no room for is given up.
  void send(const TransmitBatch& batch) {
    if (batch.size == 0) return send_nothing(batch.to.remote);
    sender_.send(batch);
  }
  int fd() const { return fd_.get(); }
  const SocketAddress& local() const { return local_; }

 private:
  // An empty datagram, which is something all the same.
  void send_nothing(const SocketAddress& to) const {
    const KernelAddress address = to_kernel(to, local_.ip.family());
    sendto(fd(), nullptr, 0, MSG_DONTWAIT, address.get(), address.size);
  }

  SocketAddress local_;
  OwnedFd fd_;
  UdpSender sender_;
};

RelaySockets::RelaySockets(EventLoop& loop, UdpHandler& handler, Random& random, KeptSockets& kept,
                           const RelayPorts& ports)
    : handler_(handler),
      random_(random),
      kept_(kept),
      ports_(ports),
      ready_(loop, epoll_create1(EPOLL_CLOEXEC), {[this] { read_ready(); }, [] {}}) {
  ready_.watch_readable();
}

RelaySockets::~RelaySockets() = default;

SocketAddress RelaySockets::random_address(const IpAddress& ip, Parity parity) {
  const std::uint32_t count = ports_.last - std::uint32_t{ports_.first} + 1;
  const std::uint32_t port = ports_.first + random_.u32() % count;
  return {ip, static_cast<std::uint16_t>(parity == Parity::even ? port & ~1U : port)};
}

std::optional<OwnedFd> RelaySockets::try_bind(const SocketAddress& address, bool& hopeless) const {
  if (address.port < ports_.first || address.port > ports_.last || address.port == ports_.except)
    return std::nullopt;
  auto fd = bind_relay(address);
  if (fd) return std::optional(std::move(*fd));
  hopeless = fd.error() != EADDRINUSE && fd.error() != EACCES;
  return std::nullopt;
}

bool RelaySockets::try_open(const SocketAddress& address, bool& hopeless) {
  auto fd = try_bind(address, hopeless);
  if (!fd) return false;
  hopeless = !serve(address, std::move(*fd));
  return !hopeless;
}

bool RelaySockets::serve(const SocketAddress& address, OwnedFd fd) {
  epoll_event event{.events = EPOLLIN, .data = {.fd = fd.get()}};
  if (epoll_ctl(ready_.fd(), EPOLL_CTL_ADD, fd.get(), &event) != 0) return false;
  auto& socket = sockets_[address] = std::make_unique<Socket>(std::move(fd), address);
  const auto index = static_cast<std::size_t>(socket->fd());
  if (by_descriptor_.size() <= index) by_descriptor_.resize(index + 1);
  by_descriptor_[index] = socket.get();
  return true;
}

std::optional<SocketAddress> RelaySockets::open(const IpAddress& ip, Parity parity) {
  bool hopeless = false;
  for (int i = 0; i < kRelayPortTries && !hopeless; ++i) {
    const SocketAddress address = random_address(ip, parity);
    if (try_open(address, hopeless)) return address;
  }
  return std::nullopt;
}

std::optional<SocketAddress> RelaySockets::open_pair(const IpAddress& ip) {
  bool hopeless = false;
  for (int i = 0; i < kRelayPortTries && !hopeless; ++i) {
    const SocketAddress even = random_address(ip, Parity::even);
    if (!try_open(even, hopeless)) continue;
    // An even port is never the last one that there is.
    const SocketAddress next{ip, static_cast<std::uint16_t>(even.port + 1)};
    if (auto fd = try_bind(next, hopeless)) {
      kept_.keep(next, std::move(*fd));
      return even;
    }
    close(even);
  }
  return std::nullopt;
}

bool RelaySockets::adopt(const SocketAddress& address) {
  auto fd = kept_.take(address);
  return fd && serve(address, std::move(*fd));
}

void RelaySockets::close(const SocketAddress& address) {
  const auto found = sockets_.find(address);
  if (found == sockets_.end()) {
    kept_.take(address);
    return;
  }
  by_descriptor_[static_cast<std::size_t>(found->second->fd())] = nullptr;
  sockets_.erase(found);
}

void RelaySockets::send(const TransmitBatch& batch) {
  const auto found = sockets_.find(batch.to.local);
  if (found != sockets_.end()) found->second->send(batch);
}

void RelaySockets::read_ready() {
  std::array<epoll_event, kReadyAtOnce> events;
  const int count = epoll_wait(ready_.fd(), events.data(), events.size(), 0);
  for (int i = 0; i < count; ++i) receive(events[static_cast<std::size_t>(i)].data.fd);
  // Where there is more, it comes in the loop's next turn.
  ready_.watch_readable();
}

void RelaySockets::receive(int fd) {
  // The handler may have closed any of them, and opened others.
  const Socket* socket = by_descriptor_[static_cast<std::size_t>(fd)];
  if (socket == nullptr) return;
  // An error is what some earlier datagram met on its way (ICMP): reading it takes it away.
  const UdpReceiver::Batch batch = receiver_.receive(fd, socket->local());
  if (!batch.datagrams.empty()) handler_.on_datagrams(batch.datagrams);
}

}  // namespace porthole::io
