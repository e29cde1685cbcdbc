// A crowd of viewers' sockets that only read: one UDP socket each, with UDP_GRO, by epoll and recvmmsg. The
// standard library and the system alone.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

namespace porthole::bench {

inline void require(bool success, const char* what) {
  if (success) return;
  std::perror(what);
  std::exit(1);
}

class GroSockets {
 public:
  struct Received {
    std::uint64_t packets = 0;
    std::uint64_t bytes = 0;
  };

  explicit GroSockets(std::size_t count) : epoll_(::epoll_create1(EPOLL_CLOEXEC)), bytes_(kMessages * kRoom) {
    require(epoll_ >= 0, "epoll_create1");
    raise_file_limit();
    for (std::size_t i = 0; i < count; ++i) open_one();
  }
  ~GroSockets() {
    for (const int descriptor : descriptors_) ::close(descriptor);
    ::close(epoll_);
  }
  GroSockets(const GroSockets&) = delete;
  GroSockets& operator=(const GroSockets&) = delete;

  const std::vector<sockaddr_in>& addresses() const { return addresses_; }

  // Waits for what arrives, at most so long, and reads it.
  Received receive(int timeout_milliseconds) {
    std::array<epoll_event, 256> events;
    const int ready =
        ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), timeout_milliseconds);
    Received received;
    for (int i = 0; i < ready; ++i) drain(events[static_cast<std::size_t>(i)].data.fd, received);
    return received;
  }

 private:
  static constexpr std::size_t kMessages = 4;
  static constexpr std::size_t kRoom = 65'536;
  static constexpr int kSocketBuffer = 1 << 20;
  static constexpr rlim_t kSpareFiles = 65'536;

  static void raise_file_limit() {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max < kSpareFiles ? limit.rlim_max : kSpareFiles;
    ::setrlimit(RLIMIT_NOFILE, &limit);
  }

  void open_one() {
    const int descriptor = ::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    require(descriptor >= 0, "socket");
    descriptors_.push_back(descriptor);
    const int on = 1;
    require(::setsockopt(descriptor, IPPROTO_UDP, UDP_GRO, &on, sizeof on) == 0, "UDP_GRO");
    if (::setsockopt(descriptor, SOL_SOCKET, SO_RCVBUFFORCE, &kSocketBuffer, sizeof kSocketBuffer) != 0) {
      ::setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &kSocketBuffer, sizeof kSocketBuffer);
    }
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    require(::bind(descriptor, reinterpret_cast<const sockaddr*>(&address), size) == 0, "bind");
    require(::getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &size) == 0, "getsockname");
    addresses_.push_back(address);
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = descriptor;
    require(::epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event) == 0, "epoll_ctl");
  }

  void drain(int descriptor, Received& received) {
    std::array<iovec, kMessages> parts;
    std::array<mmsghdr, kMessages> messages{};
    for (std::size_t i = 0; i < kMessages; ++i) {
      parts[i] = {bytes_.data() + i * kRoom, kRoom};
      messages[i].msg_hdr.msg_iov = &parts[i];
      messages[i].msg_hdr.msg_iovlen = 1;
      messages[i].msg_hdr.msg_control = controls_[i].data();
      messages[i].msg_hdr.msg_controllen = controls_[i].size();
    }
    const int count = ::recvmmsg(descriptor, messages.data(), kMessages, MSG_DONTWAIT, nullptr);
    for (int i = 0; i < count; ++i) {
      mmsghdr& message = messages[static_cast<std::size_t>(i)];
      const std::size_t segment = segment_size(message);
      received.packets += (message.msg_len + segment - 1) / segment;
      received.bytes += message.msg_len;
    }
  }

  // Without the control message nothing was put together: one datagram.
  static std::size_t segment_size(mmsghdr& message) {
    const cmsghdr* control = CMSG_FIRSTHDR(&message.msg_hdr);
    int size = 0;
    if (control != nullptr && control->cmsg_level == IPPROTO_UDP && control->cmsg_type == UDP_GRO) {
      std::memcpy(&size, CMSG_DATA(control), sizeof size);
    }
    return size > 0 ? static_cast<std::size_t>(size) : std::max<std::size_t>(message.msg_len, 1);
  }

  int epoll_;
  std::vector<int> descriptors_;
  std::vector<sockaddr_in> addresses_;
  std::vector<std::uint8_t> bytes_;
  struct alignas(cmsghdr) Control : std::array<std::uint8_t, CMSG_SPACE(sizeof(int))> {};
  std::array<Control, kMessages> controls_;
};

}  // namespace porthole::bench
