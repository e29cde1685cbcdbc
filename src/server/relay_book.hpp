// Relayed addresses with a socket behind each.
#pragma once

#include "io/relay_sockets.hpp"
#include "turn/relay_addresses.hpp"

namespace porthole::server {

class RelayBook final : public turn::RelayAddresses {
 public:
  // Borrowed.
  explicit RelayBook(io::RelaySockets& sockets) : sockets_(sockets) {}

  std::optional<Taken> take(const IpAddress& ip, Parity parity, Instant) override {
    using Sockets = io::RelaySockets;
    const bool with_next = parity == Parity::even_and_next;
    const auto opened =
        with_next ? sockets_.open_pair(ip)
                  : sockets_.open(ip, parity == Parity::any ? Sockets::Parity::any : Sockets::Parity::even);
    if (!opened) return std::nullopt;
    Taken taken{*opened, {}};
    if (with_next) taken.next = {opened->ip, static_cast<std::uint16_t>(opened->port + 1)};
    return taken;
  }
  bool adopt(const SocketAddress& next) override { return sockets_.adopt(next); }
  void release(const SocketAddress& address, Instant) override { sockets_.close(address); }

 private:
  io::RelaySockets& sockets_;
};

}  // namespace porthole::server
