// A loop that runs until something has happened, and clients on loopback that never wait.
#pragma once

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <functional>
#include <string>
#include <vector>

#include "base/packet.hpp"
#include "io/event_loop.hpp"
#include "io/socket_address.hpp"
#include "io/sockets.hpp"
#include "io/timer.hpp"

namespace porthole::io::test {

inline IpAddress ip(std::string_view text) {
  return IpAddress::parse(text).value();
}

// Runs the loop until the condition holds; false when it does not within the limit, which is long for the
// sake of machines that are busy.
inline bool run_until(EventLoop& loop, const std::function<bool()>& condition, Duration limit = 10s) {
  const Instant give_up = EventLoop::now() + limit;
  bool held = false;
  Timer* again = nullptr;
  Timer poll(loop, [&] {
    held = condition();
    if (held || EventLoop::now() >= give_up) return loop.stop();
    again->arm(EventLoop::now() + 1ms);
  });
  again = &poll;
  poll.arm(EventLoop::now());
  loop.run();
  return held;
}

inline void run_for(EventLoop& loop, Duration time) {
  run_until(
      loop, [] { return false; }, time);
}

class Client {
 public:
  Client(int type, const SocketAddress& to, const IpAddress& from = {})
      : fd_(socket(to.ip.is_v4() ? AF_INET : AF_INET6, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {
    if (!from.is_unspecified()) {
      const KernelAddress source = to_kernel({from, 0}, to.ip.family());
      EXPECT_EQ(bind(fd_.get(), source.get(), source.size), 0);
    }
    const KernelAddress target = to_kernel(to, to.ip.family());
    connected_ = connect(fd_.get(), target.get(), target.size) == 0 || errno == EINPROGRESS;
  }

  int fd() const { return fd_.get(); }
  bool connected() const { return connected_; }
  SocketAddress local() const { return bound_address(fd_.get()); }

 protected:
  OwnedFd fd_;
  bool connected_ = false;
};

class UdpClient : public Client {
 public:
  explicit UdpClient(const SocketAddress& to, const IpAddress& from = {}) : Client(SOCK_DGRAM, to, from) {
    // The kernel's default holds few of the large bursts that tests send.
    set_option(fd(), SOL_SOCKET, SO_RCVBUF, 4 << 20);
  }

  void send(std::string_view text) {
    EXPECT_EQ(::send(fd(), text.data(), text.size(), 0), static_cast<ssize_t>(text.size()));
  }
  // Everything that has come so far.
  const std::vector<std::string>& received() {
    std::string buffer(65'536, '\0');
    ssize_t size = 0;
    while ((size = recv(fd(), buffer.data(), buffer.size(), 0)) >= 0) {
      received_.push_back(buffer.substr(0, static_cast<std::size_t>(size)));
    }
    return received_;
  }

 private:
  std::vector<std::string> received_;
};

class TcpClient : public Client {
 public:
  explicit TcpClient(const SocketAddress& to, const IpAddress& from = {}) : Client(SOCK_STREAM, to, from) {}

  // As much as the kernel takes; small texts always fit on loopback once the connection stands.
  std::size_t send(std::string_view text) {
    const ssize_t size = ::send(fd(), text.data(), text.size(), MSG_NOSIGNAL);
    return size < 0 ? 0 : static_cast<std::size_t>(size);
  }
  void finish() { shutdown(fd(), SHUT_WR); }
  // Everything that has come so far.
  const std::string& received() {
    std::string buffer(65'536, '\0');
    ssize_t size = 0;
    while ((size = recv(fd(), buffer.data(), buffer.size(), 0)) > 0) {
      received_.append(buffer, 0, static_cast<std::size_t>(size));
    }
    ended_ = ended_ || size == 0 || (size < 0 && errno != EAGAIN && errno != EWOULDBLOCK);
    return received_;
  }
  // The server closed, or reset.
  bool ended() {
    received();
    return ended_;
  }

 private:
  std::string received_;
  bool ended_ = false;
};

}  // namespace porthole::io::test
