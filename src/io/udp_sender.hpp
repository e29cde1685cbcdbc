// Sends batches on a UDP socket: in one system call with segmentation offload (UDP_SEGMENT), or a message a
// datagram where that is refused.
#pragma once

#include <sys/socket.h>

#include <memory>

#include "base/packet.hpp"

namespace porthole::io {

// The seam at which tests put a kernel that refuses.
struct UdpSystemCalls {
  ssize_t (*send_message)(int fd, const msghdr* message, int flags) = ::sendmsg;
  int (*send_messages)(int fd, mmsghdr* messages, unsigned count, int flags) = ::sendmmsg;
};

// True where the kernel can cut one big send into datagrams (Linux 4.18 and later). An older one ignores the
// request silently and sends one giant datagram, so this must be asked first.
bool kernel_can_segment(int fd);

class UdpSender {
 public:
  UdpSender(int fd, Family socket_family, bool segmentation_offload, UdpSystemCalls calls = {});

  enum class Sent : std::uint8_t { sent, blocked, dropped };
  Sent send(const TransmitBatch& batch);

  // What a send left behind half way goes out; false while the socket is still full.
  bool flush();
  bool has_rest() const { return rest_ != nullptr; }

  bool segmentation_offload() const { return segmentation_; }
  std::uint64_t unsendable() const { return unsendable_; }

 private:
  enum class Attempt : std::uint8_t { sent, blocked, refused };
  struct Progress {
    std::size_t done = 0;  // Bytes that went out, or that were given up.
    bool dropped = false;
  };
  class Envelope;

  Attempt send_at_once(const TransmitBatch& batch);
  Progress send_each(const Envelope& envelope, const TransmitBatch& batch, std::size_t from);
  void keep_rest(const TransmitBatch& batch, std::size_t from);

  // Constant after construction.
  int fd_;
  Family socket_family_;
  UdpSystemCalls calls_;

  bool segmentation_;
  int refusals_in_a_row_ = 0;
  std::uint64_t unsendable_ = 0;
  // The end of a batch of which the socket took only the beginning. Sending all of it again later would
  // repeat what has gone, so it waits here.
  // A batch is large, and most senders never have one waiting.
  std::unique_ptr<TransmitBatch> rest_;
  std::size_t rest_from_ = 0;
};

}  // namespace porthole::io
