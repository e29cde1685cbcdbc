#include "io/one_port.hpp"

#include <sys/socket.h>

#include "io/sockets.hpp"

namespace porthole::io {
namespace {

// Port 0: a number that is free for UDP may be taken for TCP.
constexpr int kMaxAttempts = 16;

}  // namespace

SocketAddress any_address(std::uint16_t port) {
  const OwnedFd probe(socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const auto any = IpAddress::parse(probe.get() >= 0 ? "::" : "0.0.0.0");
  return {*any, port};
}

Result<std::unique_ptr<UdpPort>, std::string> open_one_port(EventLoop& loop, const SocketAddress& listen,
                                                            UdpHandler& datagrams, TcpPort& tcp,
                                                            const UdpOptions& options) {
  for (int attempt = 1;; ++attempt) {
    auto udp = UdpPort::open(loop, listen, datagrams, options);
    if (!udp) return udp;
    const auto bound = tcp.listen({listen.ip, (*udp)->local_port()}, options.sharing);
    if (bound) return udp;
    if (listen.port != 0 || attempt == kMaxAttempts) return fail(bound.error());
  }
}

}  // namespace porthole::io
