#include "io/tcp_connection.hpp"

#include "io/event_loop.hpp"
#include "wire/first_bytes.hpp"
#include "wire/proxy_header.hpp"

namespace porthole::io {
namespace {

// For the client to read the last answer and close its side.
constexpr Duration kLingerTime = 2s;

// How often a handshake that must wait for others of the same address is tried again.
constexpr Duration kHandshakeWait = 250ms;
// What is kept of one meanwhile: browsers' ClientHellos have 2 KB at most.
constexpr std::size_t kMaxHeldBytes = 8 << 10;

}  // namespace

TcpConnection::TcpConnection(EventLoop& loop, OwnedFd fd, const FiveTuple& path, ConnectionHost& host)
    : host_(host), path_(path), tcp_(loop, std::move(fd), *this, host.buffers().input) {}

void TcpConnection::start() {
  set_deadline(EventLoop::now() + host_.options().first_bytes_timeout);
  stream_->read();
}

TcpPort::Sent TcpConnection::send(Bytes bytes, std::size_t record_size, std::size_t max_queued) {
  if (stage_ != Stage::stream) return TcpPort::Sent::dropped;
  const bool taken = tls_ && record_size > 0 ? tls_->write_records(bytes, record_size, max_queued)
                                             : stream_->write(bytes, max_queued);
  if (!taken) return TcpPort::Sent::dropped;
  return stream_->queued() > 0 ? TcpPort::Sent::blocked : TcpPort::Sent::sent;
}

void TcpConnection::finish_stream() {
  if (stage_ == Stage::stream) finish_sending();
}

void TcpConnection::on_bytes(Bytes bytes) {
  switch (stage_) {
    case Stage::first_bytes:
      return classify(bytes);
    case Stage::waiting:
      return hold(bytes);
    case Stage::http:
      return handle_http(bytes);
    case Stage::stream:
      return hand_over(bytes);
    case Stage::finishing:
    case Stage::closed:
      return;
  }
}

void TcpConnection::classify(Bytes bytes) {
  first_bytes_.insert(first_bytes_.end(), bytes.begin(), bytes.end());
  const wire::StreamKind kind = wire::classify_stream(first_bytes_);
  if (kind == wire::StreamKind::need_more) return;
  if (kind == wire::StreamKind::proxy) return take_proxy_header();
  const std::vector<std::uint8_t> first_bytes = std::exchange(first_bytes_, {});
  switch (kind) {
    case wire::StreamKind::http:
      return begin_http(first_bytes);
    case wire::StreamKind::tls:
      return begin_tls(first_bytes);
    case wire::StreamKind::turn:
      return begin_stream(first_bytes);
    case wire::StreamKind::ice_tcp:
      // No browser speaks it inside of TLS (RFC 6544 has no such transport).
      return tls_ ? end() : begin_stream(first_bytes);
    default:
      return end();
  }
}

// Once, before all else, and from those alone who are trusted: it claims an address that nobody can check.
void TcpConnection::take_proxy_header() {
  if (is_announced_ || tls_ || !host_.trusts(path_.remote.ip)) return end();
  const auto header = wire::parse_proxy_header(first_bytes_);
  if (!header) return end();
  if (!*header) return;
  is_announced_ = true;
  if (const auto& source = (*header)->source) {
    if (!host_.count_as(*this, source->ip)) return end();
    path_.remote = *source;
  }
  first_bytes_.erase(first_bytes_.begin(),
                     first_bytes_.begin() + static_cast<std::ptrdiff_t>((*header)->size));
  classify({});
}

void TcpConnection::begin_http(Bytes first_bytes) {
  stage_ = Stage::http;
  http_ = std::make_shared<HttpConnection>(path_, host_.http(), static_cast<HttpTransport&>(*this),
                                           host_.options().http);
  handle_http(first_bytes);
}

void TcpConnection::handle_http(Bytes bytes) {
  http_->handle_bytes(bytes);
  if (stage_ == Stage::stream) http_.reset();  // It has no more to do.
}

// What it speaks from now on was agreed on over HTTP.
void TcpConnection::upgrade(Bytes rest) {
  if (stage_ != Stage::http) return;
  stage_ = Stage::stream;
  set_deadline(EventLoop::now() + host_.options().stream_idle_timeout);
  stream_->read();
  if (!rest.empty()) hand_over(rest);
}

// The question what this is comes again, once, for what is in clear behind.
void TcpConnection::begin_tls(Bytes first_bytes) {
  const crypto::TlsContext* const context = host_.tls();
  if (tls_ || context == nullptr) return end();
  if (!host_.may_shake_hands(path_.remote.ip)) return wait_for_handshake(first_bytes);
  auto session = context->make_session();
  if (!session) return end();
  path_.transport = Transport::tls;
  tls_ = std::make_unique<TlsStream>(tcp_, static_cast<StreamEvents&>(*this), std::move(session),
                                     host_.buffers(), host_.options().max_queued_bytes);
  stream_ = tls_.get();
  set_deadline(EventLoop::now() + host_.options().tls_timeout);
  tls_->begin(first_bytes);
}

void TcpConnection::wait_for_handshake(Bytes first_bytes) {
  const Instant now = EventLoop::now();
  stage_ = Stage::waiting;
  if (give_up_at_ == Instant{}) give_up_at_ = now + host_.options().tls_timeout;
  stream_->pause();
  set_deadline(std::min(give_up_at_, now + kHandshakeWait));
  hold(first_bytes);
}

void TcpConnection::hold(Bytes bytes) {
  if (first_bytes_.size() + bytes.size() > kMaxHeldBytes) return end();
  first_bytes_.insert(first_bytes_.end(), bytes.begin(), bytes.end());
}

void TcpConnection::try_handshake_again() {
  if (EventLoop::now() >= give_up_at_) return end();
  stage_ = Stage::first_bytes;
  stream_->read();
  const std::vector<std::uint8_t> first_bytes = std::exchange(first_bytes_, {});
  begin_tls(first_bytes);
}

void TcpConnection::begin_stream(Bytes first_bytes) {
  stage_ = Stage::stream;
  hand_over(first_bytes);
}

void TcpConnection::hand_over(Bytes bytes) {
  set_deadline(EventLoop::now() + host_.options().stream_idle_timeout);
  host_.streams().on_stream_data(path_, bytes);
}

void TcpConnection::on_end_of_input() {
  if (stage_ == Stage::http) return http_->handle_end_of_input();
  end();
}

void TcpConnection::on_broken() {
  end();
}

void TcpConnection::on_drained() {
  if (stage_ == Stage::http) return http_->handle_drained();
  if (stage_ == Stage::stream) return host_.streams().on_stream_writable(path_);
  if (stage_ == Stage::finishing) set_deadline(EventLoop::now() + kLingerTime);
}

void TcpConnection::handle_timeout() {
  if (stage_ == Stage::waiting) return try_handshake_again();
  if (stage_ == Stage::http || stage_ == Stage::finishing) {
    if (client_took_something()) return set_deadline(EventLoop::now() + host_.options().http.idle);
    if (stage_ == Stage::http) return http_->handle_timeout();
  }
  end();
}

// A long answer on a slow line takes longer than any timeout: what counts is that it moves.
bool TcpConnection::client_took_something() {
  if (stream_->queued() == 0) return false;
  return std::exchange(sent_at_last_deadline_, stream_->sent()) != stream_->sent();
}

void TcpConnection::write(std::string_view bytes) {
  stream_->write(as_bytes(bytes));
}

std::size_t TcpConnection::queued() const {
  return stream_->queued();
}

void TcpConnection::want_bytes(bool wanted) {
  if (wanted) {
    stream_->read();
  } else {
    stream_->pause();
  }
}

void TcpConnection::set_deadline(Instant deadline) {
  if (stage_ != Stage::closed) host_.set_deadline(path_.connection, deadline);
}

void TcpConnection::finish() {
  if (stage_ == Stage::http) finish_sending();
}

void TcpConnection::finish_sending() {
  stage_ = Stage::finishing;
  stream_->finish();
  set_deadline(EventLoop::now() + (stream_->queued() > 0 ? host_.options().http.idle : kLingerTime));
}

void TcpConnection::end() {
  const bool told = close();
  host_.remove(path_.connection);
  if (told) host_.streams().on_stream_closed(path_);
}

bool TcpConnection::close() {
  const bool known = stage_ == Stage::stream;
  stage_ = Stage::closed;
  if (http_) http_->abandon();
  stream_->close();
  return known;
}

}  // namespace porthole::io
