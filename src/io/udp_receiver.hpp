// Reads datagrams from UDP sockets, many in one system call, into buffers that the sockets share.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <memory>
#include <span>

#include "base/packet.hpp"

namespace porthole::io {

// Datagrams that one system call reads at most.
constexpr std::size_t kReceiveBatch = 64;
// Nothing longer is spoken here: media, DTLS and TURN all keep below an Ethernet frame's 1,500 bytes.
constexpr std::size_t kReceiveBuffer = 2048;

class UdpReceiver {
 public:
  UdpReceiver();

  enum class Outcome : std::uint8_t { read, empty, failed };
  struct Batch {
    Outcome outcome = Outcome::empty;
    std::span<const Datagram> datagrams;  // Borrowed until the next call. May be empty after a read.
    bool more = false;                    // The call was filled, so there may be more.
    std::size_t oversized = 0;            // Dropped.
  };
  // From a socket that is bound to `local`; where that is any address, the one that was hit comes with each
  // datagram. Does not wait.
  Batch receive(int fd, const SocketAddress& local);

 private:
  struct Slot {
    std::array<std::uint8_t, kReceiveBuffer> bytes;
    sockaddr_storage from;
    iovec vector;
    // Room for both families' answer, with space to spare.
    alignas(cmsghdr) std::array<std::uint8_t, 128> control;
  };

  void reset(std::size_t index);
  static FiveTuple path_of(const msghdr& header, const Slot& slot, const SocketAddress& local);

  // Reused for each call.
  std::unique_ptr<std::array<Slot, kReceiveBatch>> slots_;
  std::array<mmsghdr, kReceiveBatch> headers_{};
  std::array<Datagram, kReceiveBatch> datagrams_{};
};

}  // namespace porthole::io
