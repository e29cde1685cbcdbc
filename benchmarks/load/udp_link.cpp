#include "load/udp_link.hpp"

#include <linux/sock_diag.h>
#include <netinet/udp.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "io/socket_address.hpp"

namespace porthole::load {
namespace {

// Some frames, for when this program does not come to read at once. What finds no room is counted.
constexpr int kReceiveRoom = 2 << 20;

bool switch_on(int fd, int level, int option) {
  const int on = 1;
  return ::setsockopt(fd, level, option, &on, sizeof on) == 0;
}

// Without the privilege to go beyond it, the system's limit has to do.
void make_room(int fd) {
  if (::setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &kReceiveRoom, sizeof kReceiveRoom) == 0) return;
  ::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &kReceiveRoom, sizeof kReceiveRoom);
}

}  // namespace

UdpLink::UdpLink(Poller& poller, DatagramReader& reader, const SocketAddress& server, bool gro,
                 LinkEvents& events)
    : server_(server), gro_(gro), poller_(poller), reader_(reader), events_(events) {
  const int family = server.ip.is_v4() ? AF_INET : AF_INET6;
  fd_ = ::socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

UdpLink::~UdpLink() {
  if (fd_ < 0) return;
  poller_.forget(fd_, *this);
  ::close(fd_);
}

void UdpLink::open() {
  if (fd_ < 0 || !prepare()) return events_.link_failed(std::string("UDP socket: ") + std::strerror(errno));
  poller_.watch(fd_, EPOLLIN, *this);
  events_.link_opened();
}

bool UdpLink::prepare() {
  const io::KernelAddress address = io::to_kernel(server_, server_.ip.family());
  make_room(fd_);
  return switch_on(fd_, SOL_SOCKET, SO_TIMESTAMPNS) && (!gro_ || switch_on(fd_, SOL_UDP, UDP_GRO)) &&
         ::connect(fd_, address.get(), address.size) == 0;
}

// What the system does not take is lost, as on a network.
void UdpLink::send(Bytes message) {
  (void)!::send(fd_, message.data(), message.size(), 0);
}

SocketAddress UdpLink::local() const {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  ::getsockname(fd_, reinterpret_cast<sockaddr*>(&storage), &size);
  return io::from_kernel(storage);
}

std::uint64_t UdpLink::dropped() const {
  std::array<std::uint32_t, SK_MEMINFO_VARS> counters{};
  socklen_t size = sizeof counters;
  if (::getsockopt(fd_, SOL_SOCKET, SO_MEMINFO, counters.data(), &size) != 0) return 0;
  return counters[SK_MEMINFO_DROPS];
}

void UdpLink::handle_events(std::uint32_t) {
  reader_.read(fd_, [this](Bytes bytes, Arrival arrival) { events_.link_received(bytes, arrival); });
  events_.link_drained();
}

}  // namespace porthole::load
