// One UDP socket that speaks for thousands of loopback addresses, in batches: a crowd of clients without a
// socket for each of them. The standard library and the system alone, so that it can be built apart from
// everything.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <span>

namespace porthole::bench {

// Source n is 127.1.0.0 + n: every address of 127/8 is this machine's.
constexpr std::uint32_t kFirstSource = 0x7F010000;
constexpr std::uint32_t kMaxSources = 0xFE0000;

constexpr std::size_t kBatch = 64;
constexpr std::size_t kMaxMessage = 1500;

inline sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

class ManySources {
 public:
  explicit ManySources(std::uint16_t server_port)
      : server_(loopback(server_port)), descriptor_(::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0)) {
    const int on = 1;
    const int room = 4 << 20;
    sockaddr_in any{};
    any.sin_family = AF_INET;
    require(descriptor_ >= 0, "socket");
    require(::bind(descriptor_, reinterpret_cast<const sockaddr*>(&any), sizeof any) == 0, "bind");
    require(::setsockopt(descriptor_, IPPROTO_IP, IP_PKTINFO, &on, sizeof on) == 0, "IP_PKTINFO");
    ::setsockopt(descriptor_, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    ::setsockopt(descriptor_, SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
  }
  ~ManySources() { ::close(descriptor_); }
  ManySources(const ManySources&) = delete;
  ManySources& operator=(const ManySources&) = delete;

  int descriptor() const { return descriptor_; }

  // Queues it; a full batch goes out by itself. Borrows `bytes` until flush().
  void send(std::uint32_t source, std::span<const std::uint8_t> bytes) {
    if (queued_ == kBatch) flush();
    Slot& slot = out_[queued_];
    slot.part = {const_cast<std::uint8_t*>(bytes.data()), bytes.size()};
    mmsghdr& message = headers_[queued_++];
    message = {};
    message.msg_hdr.msg_name = &server_;
    message.msg_hdr.msg_namelen = sizeof server_;
    message.msg_hdr.msg_iov = &slot.part;
    message.msg_hdr.msg_iovlen = 1;
    message.msg_hdr.msg_control = slot.control.data();
    message.msg_hdr.msg_controllen = slot.control.size();
    cmsghdr* control = CMSG_FIRSTHDR(&message.msg_hdr);
    control->cmsg_level = IPPROTO_IP;
    control->cmsg_type = IP_PKTINFO;
    control->cmsg_len = CMSG_LEN(sizeof(in_pktinfo));
    in_pktinfo info{};
    info.ipi_spec_dst.s_addr = htonl(kFirstSource + source);
    std::memcpy(CMSG_DATA(control), &info, sizeof info);
  }

  // Returns how many of what was queued the system took; the rest is lost, as on a network.
  std::size_t flush() {
    const int count =
        queued_ == 0 ? 0 : ::sendmmsg(descriptor_, headers_.data(), static_cast<unsigned int>(queued_), 0);
    const std::size_t sent = static_cast<std::size_t>(std::max(count, 0));
    queued_ = 0;
    sent_ += sent;
    return sent;
  }
  std::uint64_t sent() const { return sent_; }

  // Reads one batch and calls receive(source, bytes) for each; returns how many there were.
  template <class Receive>
  std::size_t receive(const Receive& receive) {
    std::array<iovec, kBatch> parts;
    std::array<mmsghdr, kBatch> messages{};
    for (std::size_t i = 0; i < kBatch; ++i) {
      parts[i] = {in_[i].bytes.data(), kMaxMessage};
      messages[i].msg_hdr.msg_iov = &parts[i];
      messages[i].msg_hdr.msg_iovlen = 1;
      messages[i].msg_hdr.msg_control = in_[i].control.data();
      messages[i].msg_hdr.msg_controllen = in_[i].control.size();
    }
    const int count = ::recvmmsg(descriptor_, messages.data(), kBatch, 0, nullptr);
    const std::size_t received = static_cast<std::size_t>(std::max(count, 0));
    for (std::size_t i = 0; i < received; ++i) {
      receive(source_of(messages[i].msg_hdr),
              std::span<const std::uint8_t>(in_[i].bytes.data(), messages[i].msg_len));
    }
    return received;
  }

 private:
  struct Slot {
    iovec part{};
    alignas(cmsghdr) std::array<std::uint8_t, CMSG_SPACE(sizeof(in_pktinfo))> control{};
  };
  struct Room {
    std::array<std::uint8_t, kMaxMessage> bytes;
    alignas(cmsghdr) std::array<std::uint8_t, CMSG_SPACE(sizeof(in_pktinfo))> control;
  };

  static void require(bool success, const char* what) {
    if (success) return;
    std::perror(what);
    std::exit(1);
  }

  static std::uint32_t source_of(msghdr& header) {
    const cmsghdr* control = CMSG_FIRSTHDR(&header);
    if (control == nullptr || control->cmsg_type != IP_PKTINFO) return kMaxSources;
    in_pktinfo info;
    std::memcpy(&info, CMSG_DATA(control), sizeof info);
    return ntohl(info.ipi_addr.s_addr) - kFirstSource;
  }

  // Constant after construction.
  sockaddr_in server_;
  int descriptor_;

  std::array<Slot, kBatch> out_;
  std::array<mmsghdr, kBatch> headers_;
  std::array<Room, kBatch> in_;
  std::size_t queued_ = 0;
  std::uint64_t sent_ = 0;
};

}  // namespace porthole::bench
