#include "io/tcp_port.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <unordered_map>
#include <vector>

#include "base/source_limiter.hpp"
#include "base/timer_queue.hpp"
#include "io/descriptor.hpp"
#include "io/event_loop.hpp"
#include "io/socket_address.hpp"
#include "io/sockets.hpp"
#include "io/tcp_connection.hpp"
#include "io/timer.hpp"

namespace porthole::io {
namespace {

constexpr int kMaxAcceptsPerTurn = 64;
// While no more files can be opened: the backlog stays readable, and asking at once again would spin.
constexpr Duration kAcceptPause = 100ms;

bool out_of_resources(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

}  // namespace

class TcpPort::State final : public ConnectionHost {
 public:
  State(EventLoop& loop, StreamHandler& streams, HttpHandler& http, const TcpOptions& options)
      : loop_(loop),
        streams_(streams),
        http_(http),
        options_(options),
        resume_accepting_(loop, [this] { accept_again(); }),
        handshakes_(options.tls_handshake_burst, options.tls_handshakes_per_second),
        deadline_timer_(loop, [this] { handle_deadlines(); }) {}

  ~State() override {
    for (auto& [id, entry] : connections_) entry.connection->close();
  }

  void add_listener(OwnedFd fd) {
    const std::size_t index = listeners_.size();
    listeners_.push_back(std::make_unique<Descriptor>(
        loop_, fd.release(), Descriptor::Events{[this, index] { accept(index); }, [] {}}));
    listeners_.back()->watch_readable();
  }

  TcpConnection* find(ConnectionId id) {
    const auto found = connections_.find(id);
    return found == connections_.end() ? nullptr : found->second.connection.get();
  }

  void close(ConnectionId id) {
    if (TcpConnection* connection = find(id)) {
      connection->close();
      remove(id);
    }
  }

  void shut_down() {
    listeners_.clear();
    resume_accepting_.cancel();
    std::vector<ConnectionId> ids;
    for (const auto& [id, entry] : connections_) ids.push_back(id);
    for (const ConnectionId id : ids) {
      // The handler may close others when it hears of one.
      TcpConnection* connection = find(id);
      if (connection == nullptr) continue;
      const FiveTuple path = connection->path();
      const bool told = connection->close();
      remove(id);
      if (told) streams_.on_stream_closed(path);
    }
  }

  std::size_t connections() const { return connections_.size(); }

  void use_tls(std::shared_ptr<const crypto::TlsContext> context) { tls_ = std::move(context); }

  StreamHandler& streams() override { return streams_; }
  HttpHandler& http() override { return http_; }
  const TcpOptions& options() const override { return options_; }
  const crypto::TlsContext* tls() const override { return tls_.get(); }
  bool may_shake_hands(const IpAddress& client) override {
    return handshakes_.allow({client.customer(), 0}, EventLoop::now());
  }
  bool trusts(const IpAddress& source) const override {
    return std::ranges::any_of(options_.trusted_proxies,
                               [&](const IpNetwork& network) { return network.contains(source); });
  }
  bool count_as(const TcpConnection& connection, const IpAddress& client) override;
  StreamBuffers& buffers() override { return buffers_; }
  void set_deadline(ConnectionId id, Instant deadline) override;
  void remove(ConnectionId id) override;

 private:
  struct Entry {
    std::shared_ptr<TcpConnection> connection;
    Quota<IpAddress>::Share place;
  };

  void accept(std::size_t listener);
  void accept_again();
  void add_connection(OwnedFd fd, const SocketAddress& remote);
  void handle_deadlines();

  // Borrowed: outlive this.
  EventLoop& loop_;
  StreamHandler& streams_;
  HttpHandler& http_;
  // Constant after construction.
  const TcpOptions options_;

  std::vector<std::unique_ptr<Descriptor>> listeners_;
  Timer resume_accepting_;
  std::unordered_map<ConnectionId, Entry> connections_;
  SourceLimiter handshakes_;
  std::uint64_t last_id_ = 0;
  TimerQueue<ConnectionId> deadlines_;
  Timer deadline_timer_;
  Instant timer_at_ = Instant::max();
  StreamBuffers buffers_;
  std::shared_ptr<const crypto::TlsContext> tls_;
};

void TcpPort::State::accept(std::size_t listener) {
  if (listener >= listeners_.size()) return;
  for (int i = 0; i < kMaxAcceptsPerTurn; ++i) {
    KernelAddress remote;
    remote.size = sizeof remote.storage;
    OwnedFd fd(accept4(listeners_[listener]->fd(), reinterpret_cast<sockaddr*>(&remote.storage), &remote.size,
                       SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (fd.get() >= 0) {
      add_connection(std::move(fd), from_kernel(remote.storage));
      continue;
    }
    if (out_of_resources(errno)) return resume_accepting_.arm(EventLoop::now() + kAcceptPause);
    if (errno == EAGAIN || errno == EWOULDBLOCK) break;
    // Anything else is about one connection that ended before it was accepted.
  }
  listeners_[listener]->watch_readable();
}

void TcpPort::State::accept_again() {
  for (const auto& listener : listeners_) listener->watch_readable();
}

// A connection above the limits is closed at once: left in the backlog it would keep others out.
void TcpPort::State::add_connection(OwnedFd fd, const SocketAddress& remote) {
  auto place = options_.quota->take(trusts(remote.ip) ? std::nullopt : std::optional(remote.ip.customer()));
  if (!place) return;
  const ConnectionId id{++last_id_};
  const FiveTuple path{
      .transport = Transport::tcp, .local = bound_address(fd.get()), .remote = remote, .connection = id};
  auto connection = std::make_shared<TcpConnection>(loop_, std::move(fd), path, *this);
  connections_.emplace(id, Entry{connection, std::move(*place)});
  connection->start();
}

bool TcpPort::State::count_as(const TcpConnection& connection, const IpAddress& client) {
  return connections_.find(connection.path().connection)->second.place.become(client.customer());
}

void TcpPort::State::remove(ConnectionId id) {
  const auto found = connections_.find(id);
  if (found == connections_.end()) return;
  deadlines_.cancel(id);
  // Its functions may be on the stack, so it goes in the loop's next turn.
  loop_.post([connection = std::move(found->second.connection)] {});
  connections_.erase(found);
  if (!connections_.empty()) return;
  // Otherwise a loop that is to end when idle would sit out the last deadline.
  timer_at_ = Instant::max();
  deadline_timer_.cancel();
}

void TcpPort::State::set_deadline(ConnectionId id, Instant deadline) {
  deadlines_.schedule(id, deadline);
  if (deadline >= timer_at_) return;
  timer_at_ = deadline;
  deadline_timer_.arm(deadline);
}

void TcpPort::State::handle_deadlines() {
  timer_at_ = Instant::max();
  const Instant now = EventLoop::now();
  while (const auto id = deadlines_.pop_due(now)) {
    if (TcpConnection* connection = find(*id)) connection->handle_timeout();
  }
  timer_at_ = deadlines_.next();
  deadline_timer_.arm(timer_at_);
}

TcpPort::TcpPort(EventLoop& loop, StreamHandler& streams, HttpHandler& http, const TcpOptions& options)
    : state_(std::make_unique<State>(loop, streams, http, options)) {}

TcpPort::~TcpPort() = default;

Result<SocketAddress, std::string> TcpPort::listen(const SocketAddress& address, Sharing sharing) {
  auto fd = open_listener(address, sharing);
  if (!fd) return fail(fd.error());
  const SocketAddress bound = bound_address(fd->get());
  state_->add_listener(std::move(*fd));
  return bound;
}

void TcpPort::use_tls(std::shared_ptr<const crypto::TlsContext> context) {
  state_->use_tls(std::move(context));
}

TcpPort::Sent TcpPort::send(const TransmitBatch& batch) {
  TcpConnection* found = state_->find(batch.to.connection);
  if (found == nullptr) return Sent::dropped;
  return found->send(batch.bytes(), batch.segment_size, state_->options().max_queued_bytes);
}

TcpPort::Sent TcpPort::write(ConnectionId connection, Bytes bytes) {
  TcpConnection* found = state_->find(connection);
  return found == nullptr ? Sent::dropped : found->send(bytes, 0, ByteStream::kUnbounded);
}

void TcpPort::finish(ConnectionId connection) {
  if (TcpConnection* found = state_->find(connection)) found->finish_stream();
}

void TcpPort::close(ConnectionId connection) {
  state_->close(connection);
}

void TcpPort::shut_down() {
  state_->shut_down();
}

std::size_t TcpPort::connections() const {
  return state_->connections();
}

}  // namespace porthole::io
