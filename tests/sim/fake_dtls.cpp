#include "fake_dtls.hpp"

#include <algorithm>

#include "base/http.hpp"

namespace porthole::sim {
namespace {

// RFC 6347 section 4.1: content types, so that the demultiplexer sees what it would.
constexpr std::uint8_t kAlert = 21;
constexpr std::uint8_t kHandshake = 22;

// As large as real flights are.
constexpr std::size_t kHelloSize = 300;
constexpr std::size_t kServerHelloSize = 1000;

}  // namespace

FakeDtlsSession::FakeDtlsSession(crypto::DtlsParameters parameters, std::string fingerprint,
                                 crypto::SrtpProfile profile, Random& random)
    : parameters_(std::move(parameters)),
      fingerprint_(std::move(fingerprint)),
      profile_(profile),
      is_client_(parameters_.role == crypto::DtlsRole::client) {
  random.fill(is_client_ ? client_ : server_);
}

void FakeDtlsSession::start(Instant now) {
  give_up_at_ = now + crypto::kMaxDtlsHandshake;
  if (is_client_) return send_flight(Kind::client_hello, now);
  retry_at_ = give_up_at_;
}

void FakeDtlsSession::send_flight(Kind kind, Instant now) {
  if (flight_ != kind) wait_ = crypto::kFirstDtlsRetransmission;
  flight_ = kind;
  send(kind);
  retry_at_ = std::min(now + wait_, give_up_at_);
  wait_ = std::min(wait_ * 2, crypto::kLastDtlsRetransmission);
}

void FakeDtlsSession::handle_timeout(Instant now) {
  if (state_ != State::connecting || retry_at_ > now) return;
  if (now >= give_up_at_) return give_up();
  if (!is_on_stream_) send_flight(flight_, now);
}

void FakeDtlsSession::give_up() {
  state_ = State::failed;
  retry_at_ = Instant::max();
}

void FakeDtlsSession::send(Kind kind) {
  std::vector<std::uint8_t> datagram(2048);
  ByteWriter writer(datagram);
  writer.u8(kind == Kind::close ? kAlert : kHandshake);
  writer.u8(static_cast<std::uint8_t>(kind));
  writer.bytes(client_);
  writer.bytes(server_);
  writer.u8(static_cast<std::uint8_t>(fingerprint_.size()));
  writer.bytes(as_bytes(fingerprint_));
  writer.bytes(tag(kind, fingerprint_));
  std::size_t size = writer.size();
  if (kind == Kind::client_hello) size = kHelloSize;
  if (kind == Kind::server_hello) size = kServerHelloSize;
  datagram.resize(size);
  if (out_.size() < crypto::kMaxQueuedDatagrams) out_.push_back(std::move(datagram));
}

std::optional<FakeDtlsSession::Message> FakeDtlsSession::read(Bytes datagram) {
  ByteReader reader(datagram);
  Message message;
  reader.u8();
  message.kind = static_cast<Kind>(reader.u8());
  std::ranges::copy(reader.take(message.client.size()), message.client.begin());
  std::ranges::copy(reader.take(message.server.size()), message.server.begin());
  message.fingerprint = as_text(reader.take(reader.u8()));
  std::ranges::copy(reader.take(message.tag.size()), message.tag.begin());
  return reader.ok() ? std::optional(message) : std::nullopt;
}

void FakeDtlsSession::handle_datagram(Bytes datagram, Instant now) {
  const auto message = read(datagram);
  if (!message || state_ == State::failed || state_ == State::closed) return;
  if (message->kind == Kind::close) {
    if (state_ == State::connected && message->tag == tag(Kind::close, message->fingerprint))
      state_ = State::closed;
    return;
  }
  if (is_client_) return handle_as_client(*message, now);
  handle_as_server(*message);
}

void FakeDtlsSession::handle_as_client(const Message& message, Instant now) {
  if (message.client != client_ || state_ == State::connected) return;
  if (message.kind == Kind::server_hello && !heard_) {
    if (!equal_ignoring_case(message.fingerprint, parameters_.peer_fingerprint)) return give_up();
    server_ = message.server;
    agree();
    send_flight(Kind::client_finished, now);
  } else if (message.kind == Kind::server_finished && heard_ &&
             message.tag == tag(message.kind, message.fingerprint)) {
    connect();
  }
}

void FakeDtlsSession::handle_as_server(const Message& message) {
  if (message.kind == Kind::client_hello && (!heard_ || message.client == client_)) {
    client_ = message.client;
    agree();
    send(Kind::server_hello);
  } else if (message.kind == Kind::client_finished && heard_ &&
             message.tag == tag(message.kind, message.fingerprint)) {
    if (!equal_ignoring_case(message.fingerprint, parameters_.peer_fingerprint)) return give_up();
    connect();
    send(Kind::server_finished);
  }
}

// Nobody can change a message that proves something.
crypto::Sha256Digest FakeDtlsSession::tag(Kind kind, std::string_view fingerprint) const {
  const std::array<std::uint8_t, 2> what{static_cast<std::uint8_t>(kind), 0};
  return crypto::hmac_sha256(client_, {Bytes(server_), Bytes(what), as_bytes(fingerprint)});
}

void FakeDtlsSession::agree() {
  heard_ = true;
  const auto master = [this](std::uint8_t side) {
    const std::array<std::uint8_t, 2> what{side, 1};
    const auto bytes = crypto::hmac_sha256(server_, {Bytes(client_), Bytes(what)});
    crypto::SrtpMasterKey key;
    std::copy_n(bytes.begin(), key.key.size(), key.key.begin());
    std::copy_n(bytes.begin() + 16, key.salt.size(), key.salt.begin());
    return key;
  };
  const auto client = master(1);
  const auto server = master(2);
  keys_ = crypto::SrtpKeys{profile_, is_client_ ? client : server, is_client_ ? server : client};
}

void FakeDtlsSession::close(Instant) {
  if (state_ == State::connected) send(Kind::close);
  state_ = State::closed;
  retry_at_ = Instant::max();
}

std::size_t FakeDtlsSession::poll_transmit(MutableBytes out) {
  if (out_.empty()) return 0;
  const std::vector<std::uint8_t> datagram = std::move(out_.front());
  out_.pop_front();
  if (datagram.size() > out.size()) return 0;
  std::ranges::copy(datagram, out.begin());
  return datagram.size();
}

std::unique_ptr<crypto::DtlsSession> FakeDtlsFactory::make(const crypto::DtlsParameters& parameters) {
  return std::make_unique<FakeDtlsSession>(parameters, "sha-256 " + fingerprint(), profile, random_);
}

std::string FakeDtlsFactory::fingerprint() const {
  std::string text = "5E";
  for (int i = 1; i < 32; ++i) text += ":5E";
  return text;
}

}  // namespace porthole::sim
