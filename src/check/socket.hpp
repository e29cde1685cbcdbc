// Client sockets that never wait longer than they are told.
#pragma once

#include <string>
#include <vector>

#include "base/address.hpp"
#include "base/bytes.hpp"
#include "base/result.hpp"
#include "check/deadline.hpp"
#include "check/fault.hpp"
#include "io/sockets.hpp"

namespace porthole::check {

// As the system's resolver says, in its order, at most kMaxRacers; an IP address is its own answer.
Result<std::vector<SocketAddress>, Fault> resolve(const std::string& host, std::uint16_t port,
                                                  const Deadline& deadline);

// Connected and non-blocking. A UDP socket is connected too, so that it hears of refusals.
Result<io::OwnedFd, Fault> connect_tcp(const SocketAddress& address, const Deadline& deadline);
Result<io::OwnedFd, Fault> connect_udp(const SocketAddress& address);

// At least one byte, or none where the other side has closed.
Result<std::size_t, Fault> read_some(int fd, MutableBytes buffer, const Deadline& deadline);
Result<void, Fault> write_all(int fd, Bytes bytes, const Deadline& deadline);

}  // namespace porthole::check
