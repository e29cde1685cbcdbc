#include "load/stream_link.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "io/socket_address.hpp"

namespace porthole::load {
namespace {

// Some frames of video at once. One for all links: there is one thread.
constexpr std::size_t kReadRoom = 256 * 1024;
std::array<std::uint8_t, kReadRoom> read_room;

ssize_t tls_result(SSL* tls, int result) {
  if (result > 0) return result;
  const int error = SSL_get_error(tls, result);
  return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? 0 : -1;
}

ssize_t system_result(ssize_t result) {
  if (result > 0) return result;
  return result < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
}

}  // namespace

StreamLink::StreamLink(Poller& poller, const SocketAddress& server, wire::StreamFraming framing,
                       crypto::SslHandle tls, LinkEvents& events)
    : server_(server),
      framing_(framing),
      poller_(poller),
      events_(events),
      tls_(std::move(tls)),
      framer_(framing) {}

StreamLink::~StreamLink() {
  if (fd_ < 0) return;
  poller_.forget(fd_, *this);
  ::close(fd_);
}

void StreamLink::open() {
  const int family = server_.ip.is_v4() ? AF_INET : AF_INET6;
  const int on = 1;
  fd_ = ::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const io::KernelAddress address = io::to_kernel(server_, server_.ip.family());
  if (fd_ < 0 || (::connect(fd_, address.get(), address.size) != 0 && errno != EINPROGRESS)) {
    return fail(std::strerror(errno));
  }
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (tls_) SSL_set_fd(tls_.get(), fd_);
  poller_.watch(fd_, EPOLLOUT, *this);
}

void StreamLink::handle_events(std::uint32_t events) {
  if (failed_) return;
  if ((events & EPOLLERR) != 0) return fail("the connection was refused or reset");
  if (!open_) return establish();
  if ((events & EPOLLOUT) != 0) flush();
  if ((events & (EPOLLIN | EPOLLHUP)) != 0 && !failed_) read();
}

void StreamLink::establish() {
  if (!connected_) poller_.change(fd_, EPOLLIN, *this);
  connected_ = true;
  if (tls_) {
    const crypto::ErrorQueueScope errors;
    const int result = SSL_connect(tls_.get());
    if (result != 1) return tls_result(tls_.get(), result) < 0 ? fail("TLS was refused") : void();
  }
  open_ = true;
  events_.link_opened();
}

ssize_t StreamLink::read_some(MutableBytes room) {
  if (!tls_) return system_result(::recv(fd_, room.data(), room.size(), 0));
  const crypto::ErrorQueueScope errors;
  return tls_result(tls_.get(), SSL_read(tls_.get(), room.data(), static_cast<int>(room.size())));
}

ssize_t StreamLink::write_some(Bytes bytes) {
  if (!tls_) return system_result(::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL));
  const crypto::ErrorQueueScope errors;
  return tls_result(tls_.get(), SSL_write(tls_.get(), bytes.data(), static_cast<int>(bytes.size())));
}

void StreamLink::read() {
  ssize_t count = 0;
  do {
    count = read_some(read_room);
    const Arrival arrival = arrival_now();
    Bytes input = Bytes(read_room).first(count > 0 ? static_cast<std::size_t>(count) : 0);
    while (!input.empty()) {
      const auto frame = framer_.next(input);
      if (!frame) return fail("the stream has lost its framing");
      if (!*frame) break;
      events_.link_received(**frame, arrival);
    }
    // OpenSSL holds back what it has decrypted already, and nothing would tell of it.
  } while (tls_ && count > 0);
  events_.link_drained();
  if (count < 0) fail("the server closed the connection");
}

void StreamLink::send(Bytes message) {
  if (failed_ || fd_ < 0) return;
  if (framing_ == wire::StreamFraming::length_prefix) {
    std::array<std::uint8_t, wire::kLengthPrefixSize> length{};
    store_u16(length.data(), static_cast<std::uint16_t>(message.size()));
    unsent_.insert(unsent_.end(), length.begin(), length.end());
  }
  unsent_.insert(unsent_.end(), message.begin(), message.end());
  if (open_) flush();
}

void StreamLink::flush() {
  while (!unsent_.empty()) {
    const ssize_t count = write_some(unsent_);
    if (count < 0) return fail("the server closed the connection");
    if (count == 0) return await_room(true);
    unsent_.erase(unsent_.begin(), unsent_.begin() + count);
  }
  await_room(false);
}

void StreamLink::await_room(bool wanted) {
  if (wanted != awaits_room_) poller_.change(fd_, EPOLLIN | (wanted ? EPOLLOUT : 0U), *this);
  awaits_room_ = wanted;
}

SocketAddress StreamLink::local() const {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  ::getsockname(fd_, reinterpret_cast<sockaddr*>(&storage), &size);
  return io::from_kernel(storage);
}

void StreamLink::fail(const char* what) {
  if (failed_) return;
  failed_ = true;
  poller_.forget(fd_, *this);
  events_.link_failed(std::string("TCP: ") + what);
}

}  // namespace porthole::load
