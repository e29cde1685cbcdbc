#include "turn_client.hpp"

#include <algorithm>

namespace porthole::sim {

using stun::Attribute;
using stun::Class;
using stun::Method;

namespace {

// RFC 8489 section 6.2.1: 500 ms, doubled, seven times.
constexpr Duration kFirstRetry = 500ms;
constexpr int kMaxTries = 7;

// libwebrtc renews a minute before the end, and channels with the permission that they imply.
constexpr Duration kChromiumSlack = 60s;
constexpr Duration kChromiumRenewal = 300s - kChromiumSlack;
// nICEr renews ten seconds before the end; a permission when it is used.
constexpr Duration kFirefoxSlack = 10s;
constexpr std::uint32_t kFirefoxLifetimeSeconds = 3600;

constexpr std::uint8_t kUdp = 17;

bool is_dtls(Bytes data) {
  return !data.empty() && data[0] >= 20 && data[0] <= 63;
}

std::size_t padded(std::size_t size) {
  return (size + 3) / 4 * 4;
}

}  // namespace

TurnClient::TurnClient(Options options, Wires wires, Random& random)
    : options_(std::move(options)), wires_(std::move(wires)), random_(random) {}

void TurnClient::start(Instant now) {
  request({.method = Method::allocate}, now);
}

TurnClient::Peer* TurnClient::find(const SocketAddress& address) {
  const auto found = std::ranges::find(peers_, address, &Peer::address);
  return found == peers_.end() ? nullptr : &*found;
}

void TurnClient::request(Pending pending, Instant now) {
  random_.fill(pending.transaction);
  pending.authenticated = !realm_.empty();
  pending.bytes.resize(1024);
  stun::MessageBuilder builder(pending.bytes, Class::request, pending.method, pending.transaction);
  if (pending.method == Method::allocate) builder.add_u32(Attribute::requested_transport, kUdp << 24);
  if (pending.method == Method::allocate && options_.asks_for_an_hour) {
    builder.add_u32(Attribute::lifetime, kFirefoxLifetimeSeconds);
  }
  if (pending.method == Method::refresh) builder.add_u32(Attribute::lifetime, pending.lifetime);
  if (pending.channel != 0) {
    builder.add_u32(Attribute::channel_number, static_cast<std::uint32_t>(pending.channel) << 16);
  }
  if (pending.peer.port != 0) builder.add_xor_address(Attribute::xor_peer_address, pending.peer);
  if (pending.authenticated) {
    builder.add_text(Attribute::username, options_.credentials.username);
    builder.add_text(Attribute::realm, realm_);
    builder.add_text(Attribute::nonce, nonce_);
    builder.add_integrity(
        turn::long_term_key(options_.credentials.username, realm_, options_.credentials.password));
  }
  if (options_.asks_for_an_hour) builder.add_fingerprint();
  pending.bytes.resize(builder.finish().size());
  pending.wait = kFirstRetry;
  pending_.push_back(std::move(pending));
  transmit(pending_.back(), now);
}

void TurnClient::transmit(Pending& pending, Instant now) {
  ++pending.tries;
  pending.retry_at = options_.on_stream ? Instant::max() : now + pending.wait;
  pending.wait *= 2;
  wires_.transmit(pending.bytes);
}

void TurnClient::handle_datagram(Bytes message, Instant now) {
  if (message.size() >= 4 && (message[0] & 0xc0) == 0x40) {
    const std::uint16_t channel = load_u16(message.data());
    const std::size_t size = load_u16(message.data() + 2);
    const auto peer = std::ranges::find(peers_, channel, &Peer::channel);
    if (peer == peers_.end() || size > message.size() - 4) return errors_.push_back(1);
    ++count_.received_in_channels;
    return wires_.data(SocketAddress(peer->address), message.subspan(4, size));
  }
  const auto parsed = stun::parse(message);
  if (!parsed) return errors_.push_back(2);
  handle_stun(*parsed, now);
}

// Whoever cuts a stream trusts its length fields: a padding that is missing or too long shows at once.
void TurnClient::handle_stream(Bytes bytes, Instant now) {
  unread_.insert(unread_.end(), bytes.begin(), bytes.end());
  while (unread_.size() >= 4) {
    const bool channel = (unread_[0] & 0xc0) == 0x40;
    const std::size_t length = load_u16(unread_.data() + 2);
    const std::size_t size = channel ? 4 + padded(length) : 20 + length;
    if (unread_.size() < size) return;
    const Buffer message(unread_.begin(), unread_.begin() + static_cast<std::ptrdiff_t>(size));
    unread_.erase(unread_.begin(), unread_.begin() + static_cast<std::ptrdiff_t>(size));
    handle_datagram(message, now);
  }
}

void TurnClient::handle_stun(const stun::Message& message, Instant now) {
  if (message.is(Class::indication, Method::data)) {
    const auto peer = message.xor_address(Attribute::xor_peer_address);
    const auto data = message.find(Attribute::data);
    if (!peer || !data) return errors_.push_back(3);
    ++count_.received_in_indications;
    return wires_.data(*peer, *data);
  }
  const auto found = std::ranges::find(pending_, message.transaction(), &Pending::transaction);
  if (found == pending_.end() || found->method != message.method()) return;
  const auto key = turn::long_term_key(options_.credentials.username, realm_, options_.credentials.password);
  // RFC 8489 section 9.2.4: who has no key yet gets these two without integrity.
  const bool challenge = message.error_code() == 401 || message.error_code() == 438;
  if (found->authenticated && !challenge && !message.integrity_ok(key)) {
    return errors_.push_back(4);
  }
  const Pending pending = std::move(*found);
  pending_.erase(found);
  if (message.message_class() == Class::success) return handle_success(pending, message, now);
  if (message.message_class() == Class::error) handle_error(pending, message, now);
}

void TurnClient::handle_success(const Pending& pending, const stun::Message& message, Instant now) {
  if (pending.method == Method::allocate) {
    relayed_ = message.xor_address(Attribute::xor_relayed_address);
    for (const Peer& peer : peers_) send_permission(peer.address, now);
  }
  if (pending.method == Method::allocate || pending.method == Method::refresh) {
    if (pending.method == Method::refresh) ++count_.refreshes;
    const auto lifetime = std::chrono::seconds(message.u32(Attribute::lifetime).value_or(0));
    const Duration slack = options_.asks_for_an_hour ? kFirefoxSlack : kChromiumSlack;
    refresh_at_ = lifetime == 0s ? Instant::max() : now + lifetime - slack;
    if (lifetime == 0s) relayed_.reset();
    return;
  }
  if (pending.method == Method::create_permission) ++count_.permissions;
  if (pending.method == Method::channel_bind) ++count_.channel_binds;
  Peer* peer = find(pending.peer);
  if (peer == nullptr) return;
  peer->permission_pending = false;
  peer->permitted_at = now;
  if (pending.method == Method::channel_bind) peer->bound = true;
  if (!options_.never_binds) peer->renew_at = now + kChromiumRenewal;
}

void TurnClient::handle_error(const Pending& pending, const stun::Message& message, Instant now) {
  const int code = message.error_code().value_or(0);
  const bool first = code == 401 && !pending.authenticated;
  if (!first) errors_.push_back(code);
  if (!first && code != 438) return;
  realm_ = message.text(Attribute::realm).value_or(realm_);
  nonce_ = message.text(Attribute::nonce).value_or("");
  request({.method = pending.method,
           .peer = pending.peer,
           .channel = pending.channel,
           .lifetime = pending.lifetime},
          now);
}

void TurnClient::permit(const SocketAddress& address, Instant now) {
  if (find(address) != nullptr) return;
  peers_.push_back({.address = address, .channel = static_cast<std::uint16_t>(0x4000 + peers_.size())});
  if (relayed_) send_permission(address, now);
}

void TurnClient::send_permission(const SocketAddress& address, Instant now) {
  if (Peer* peer = find(address)) peer->permission_pending = true;
  request({.method = Method::create_permission, .peer = address}, now);
}

void TurnClient::request_channel(std::uint16_t number, const SocketAddress& address, Instant now) {
  request({.method = Method::channel_bind, .peer = address, .channel = number}, now);
}

void TurnClient::renew(Peer& peer, Instant now) {
  peer.renew_at = Instant::max();
  if (peer.bound) return request_channel(peer.channel, peer.address, now);
  send_permission(SocketAddress(peer.address), now);
}

void TurnClient::send(const SocketAddress& address, Bytes data, Instant now) {
  Peer* peer = find(address);
  if (peer == nullptr || !relayed_) return;
  if (options_.never_binds && !peer->permission_pending && now > peer->permitted_at + 300s - kFirefoxSlack) {
    send_permission(address, now);
  }
  if (!options_.never_binds && is_dtls(data) && !std::exchange(peer->bind_asked, true)) {
    request_channel(peer->channel, address, now);
  }
  if (peer->bound) return send_channel_data(peer->channel, data);
  send_indication(address, data);
}

void TurnClient::send_channel_data(std::uint16_t channel, Bytes data) {
  Buffer message(4 + (options_.on_stream ? padded(data.size()) : data.size()));
  store_u16(message.data(), channel);
  store_u16(message.data() + 2, static_cast<std::uint16_t>(data.size()));
  std::ranges::copy(data, message.begin() + 4);
  wires_.transmit(message);
}

void TurnClient::send_indication(const SocketAddress& peer, Bytes data) {
  Buffer message(data.size() + 100);
  stun::TransactionId transaction;
  random_.fill(transaction);
  stun::MessageBuilder builder(message, Class::indication, Method::send, transaction);
  builder.add_xor_address(Attribute::xor_peer_address, peer);
  builder.add(Attribute::data, data);
  wires_.transmit(builder.finish());
}

void TurnClient::close(Instant now) {
  if (!relayed_) return;
  peers_.clear();
  request({.method = Method::refresh, .lifetime = 0}, now);
}

Instant TurnClient::next_timeout() const {
  Instant next = refresh_at_;
  for (const Pending& pending : pending_) next = std::min(next, pending.retry_at);
  for (const Peer& peer : peers_) next = std::min(next, peer.renew_at);
  return next;
}

void TurnClient::handle_timeout(Instant now) {
  if (refresh_at_ <= now) {
    refresh_at_ = Instant::max();
    request(
        {.method = Method::refresh, .lifetime = options_.asks_for_an_hour ? kFirefoxLifetimeSeconds : 600},
        now);
  }
  for (Peer& peer : peers_) {
    if (peer.renew_at <= now) renew(peer, now);
  }
  std::erase_if(pending_, [now](const Pending& p) { return p.retry_at <= now && p.tries >= kMaxTries; });
  for (Pending& pending : pending_) {
    if (pending.retry_at <= now) transmit(pending, now);
  }
}

}  // namespace porthole::sim
