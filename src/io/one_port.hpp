// UDP and TCP on the same port number.
#pragma once

#include "io/tcp_port.hpp"
#include "io/udp_port.hpp"

namespace porthole::io {

// Every address of this machine: [::], which serves IPv4 too, or 0.0.0.0 where the kernel has no IPv6.
SocketAddress any_address(std::uint16_t port);

// Opens UDP and adds a TCP listener on the same number. With port 0 it looks for a number that is free on
// both. The error is a sentence for whoever started the program.
Result<std::unique_ptr<UdpPort>, std::string> open_one_port(EventLoop& loop, const SocketAddress& listen,
                                                            UdpHandler& datagrams, TcpPort& tcp,
                                                            const UdpOptions& options = {});

}  // namespace porthole::io
