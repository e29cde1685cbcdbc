// Reads datagrams from UDP sockets, many in one system call, into buffers that the sockets share. What the
// kernel hands over in one piece (UDP_GRO) is cut into the datagrams that it was.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <memory>
#include <span>
#include <vector>

#include "base/packet.hpp"

namespace porthole::io {

// Messages that one system call reads at most; each is a datagram, or several of one sender.
constexpr std::size_t kReceiveBatch = 32;
// No message is longer: the length of an IP packet has 16 bits.
constexpr std::size_t kReceiveBuffer = 65'535;
// Datagrams in a message: as many as Linux 6.9 and later cut one send into, and so puts together again at
// most.
constexpr std::size_t kMaxCoalesced = 128;

// From now on the kernel hands over what belongs together in one piece, where it knows how (Linux 5.0).
void coalesce_arrivals(int fd);

class UdpReceiver {
 public:
  UdpReceiver();

  enum class Outcome : std::uint8_t { read, empty, failed };
  struct Batch {
    Outcome outcome = Outcome::empty;
    std::span<const Datagram> datagrams;  // Borrowed until the next call. May be empty after a read.
    bool more = false;                    // The call was filled, so there may be more.
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
  // Where a message came from, and how long each datagram in it is but the last, which may be shorter.
  struct Envelope {
    FiveTuple path;
    std::size_t segment_size;
  };
  static Envelope open(const mmsghdr& message, const Slot& slot, const SocketAddress& local);
  void cut(const Envelope& envelope, Bytes message);

  // Reused for each call.
  std::unique_ptr<std::array<Slot, kReceiveBatch>> slots_;
  std::array<mmsghdr, kReceiveBatch> headers_{};
  std::vector<Datagram> datagrams_;
};

}  // namespace porthole::io
