// UDP sockets that come and go, thousands of them, each with an address of its own: those of TURN
// allocations.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/packet.hpp"
#include "base/random.hpp"
#include "io/descriptor.hpp"
#include "io/kept_sockets.hpp"
#include "io/udp_port.hpp"
#include "io/udp_receiver.hpp"

namespace porthole::io {

// RFC 8656 section 7.2 recommends the dynamic ports, from 49152 on. Those are too few for ten thousand
// allocations in pairs, and these sockets are heard by the named peers alone; few services listen this high.
constexpr std::uint16_t kFirstRelayPort = 16'384;
constexpr std::uint16_t kLastRelayPort = 65'535;

// Tries to find a port that is free. With nine of ten ports taken, one in a thousand goes without.
constexpr int kRelayPortTries = 64;

struct RelayPorts {
  std::uint16_t first = kFirstRelayPort;
  std::uint16_t last = kLastRelayPort;
  std::uint16_t except = 0;  // The one port, which is not to be mistaken for a relayed one.
};

class RelaySockets {
 public:
  // All but the ports are borrowed and outlive this. on_writable() is never called: what a socket has no room
  // for is lost, as on the network, so that no receiver holds others up. `kept` may be shared with others.
  RelaySockets(EventLoop& loop, UdpHandler& handler, Random& random, KeptSockets& kept,
               const RelayPorts& ports = {});
  ~RelaySockets();

  enum class Parity : std::uint8_t { any, even };
  // A socket on `ip` with an unpredictable port; nullopt when there is none to be had, or no file.
  std::optional<SocketAddress> open(const IpAddress& ip, Parity parity);
  // The one with the next port number as well, both or none. That one is kept, and heard once it is adopted.
  std::optional<SocketAddress> open_pair(const IpAddress& ip);
  // What is kept, by whomever. False where it is not, or cannot be heard.
  bool adopt(const SocketAddress& address);
  // Harmless for addresses that are neither open nor kept.
  void close(const SocketAddress& address);

  // From the socket at batch.to.local; lost when there is none.
  void send(const TransmitBatch& batch);

  std::size_t size() const { return sockets_.size(); }

 private:
  class Socket;

  SocketAddress random_address(const IpAddress& ip, Parity parity);
  // None when it is taken. `hopeless`: others will not do either.
  std::optional<OwnedFd> try_bind(const SocketAddress& address, bool& hopeless) const;
  bool try_open(const SocketAddress& address, bool& hopeless);
  bool serve(const SocketAddress& address, OwnedFd fd);
  void read_ready();
  void receive(int fd);

  // Borrowed.
  UdpHandler& handler_;
  Random& random_;
  KeptSockets& kept_;

  const RelayPorts ports_;
  UdpReceiver receiver_;  // One for all: its buffers are large.
  Descriptor ready_;      // An epoll of all sockets: to hear of them one by one costs the loop more.
  std::unordered_map<SocketAddress, std::unique_ptr<Socket>> sockets_;
  std::vector<Socket*> by_descriptor_;  // Null where a descriptor is none of theirs.
};

}  // namespace porthole::io
