#include "io/relay_sockets.hpp"

#include <sys/socket.h>

#include <cerrno>

#include "io/descriptor.hpp"
#include "io/socket_address.hpp"
#include "io/sockets.hpp"

namespace porthole::io {
namespace {

// A turn's system calls for one socket, so that none keeps the others waiting.
constexpr int kMaxReceiveRounds = 2;

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
  return fd;
}

}  // namespace

class RelaySockets::Socket {
 public:
  Socket(EventLoop& loop, OwnedFd fd, Family family, std::function<void()> readable)
      : sender_(fd.get(), family, kernel_can_segment(fd.get())),
        descriptor_(loop, fd.release(), {std::move(readable), [] {}}) {
    descriptor_.watch_readable();
  }

  // What the socket has no room for is given up.
  void send(const TransmitBatch& batch) { sender_.send(batch); }
  int fd() const { return descriptor_.fd(); }
  void watch() { descriptor_.watch_readable(); }

 private:
  UdpSender sender_;
  Descriptor descriptor_;
};

RelaySockets::RelaySockets(EventLoop& loop, UdpHandler& handler, Random& random, const RelayPorts& ports)
    : loop_(loop), handler_(handler), random_(random), ports_(ports) {}

RelaySockets::~RelaySockets() = default;

SocketAddress RelaySockets::random_address(const IpAddress& ip, Parity parity) {
  const std::uint32_t count = ports_.last - std::uint32_t{ports_.first} + 1;
  const std::uint32_t port = ports_.first + random_.u32() % count;
  return {ip, static_cast<std::uint16_t>(parity == Parity::even ? port & ~1U : port)};
}

bool RelaySockets::try_open(const SocketAddress& address, bool& hopeless) {
  if (address.port < ports_.first || address.port > ports_.last || address.port == ports_.except)
    return false;
  auto fd = bind_relay(address);
  if (!fd) {
    hopeless = fd.error() != EADDRINUSE && fd.error() != EACCES;
    return false;
  }
  sockets_[address] = std::make_unique<Socket>(loop_, std::move(*fd), address.ip.family(),
                                               [this, address] { receive(address); });
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
    if (try_open({ip, static_cast<std::uint16_t>(even.port + 1)}, hopeless)) return even;
    close(even);
  }
  return std::nullopt;
}

void RelaySockets::close(const SocketAddress& address) {
  sockets_.erase(address);
}

void RelaySockets::send(const TransmitBatch& batch) {
  const auto found = sockets_.find(batch.to.local);
  if (found != sockets_.end()) found->second->send(batch);
}

void RelaySockets::receive(const SocketAddress& address) {
  const SocketAddress local = address;  // The caller's goes when its socket does.
  for (int round = 0;; ++round) {
    // The handler may have closed any of them.
    const auto found = sockets_.find(local);
    if (found == sockets_.end()) return;
    if (round == kMaxReceiveRounds) return found->second->watch();
    const UdpReceiver::Batch batch = receiver_.receive(found->second->fd(), local);
    // An error is what some earlier datagram met on its way (ICMP): reading it takes it away.
    if (batch.outcome != UdpReceiver::Outcome::failed && !batch.more) round = kMaxReceiveRounds - 1;
    if (!batch.datagrams.empty()) handler_.on_datagrams(batch.datagrams);
  }
}

}  // namespace porthole::io
