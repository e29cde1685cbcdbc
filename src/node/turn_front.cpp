#include "node/turn_front.hpp"

#include <algorithm>
#include <utility>

#include "wire/first_bytes.hpp"

namespace porthole::node {
namespace {

turn::Config with_nonce_key(turn::Config config, Random& random) {
  random.fill(config.nonce_key);
  return config;
}

}  // namespace

TurnFront::TurnFront(turn::Config config, std::vector<std::string> secrets, const turn::RelayPolicy& policy,
                     turn::RelayAddresses& addresses, Random& random, TurnOwner& owner)
    : secrets_(std::move(secrets)),
      owner_(owner),
      random_(random),
      turn_(with_nonce_key(std::move(config), random), secrets_, policy, addresses, random) {}

void TurnFront::serve_dtls(crypto::DtlsServer& server, DtlsQuota quota) {
  crypto::CookieKey key{};
  random_.fill(key);
  dtls_ = std::make_unique<DtlsClients>(server, outbox_, key, std::move(quota));
}

void TurnFront::handle_datagram(const Datagram& datagram, Instant now) {
  if (wire::classify_datagram(datagram.bytes) == wire::DatagramKind::dtls) return handle_dtls(datagram, now);
  // As on streams: before anybody has proved who it is, the integrity of nothing that long is computed.
  const bool is_long = datagram.bytes.size() > turn::kMaxUnauthenticatedFrame;
  if (is_long && !turn_.has_allocation(datagram.path)) return;
  handle_message(datagram.path, datagram.bytes, now);
}

void TurnFront::handle_dtls(const Datagram& datagram, Instant now) {
  if (!dtls_) return;
  FiveTuple client = datagram.path;
  client.transport = Transport::dtls;
  dtls_->handle_datagram(client, datagram.bytes, now);
  take_ended_dtls(now);  // It may have begun anew.
  for (Bytes message = dtls_->read(client); !message.empty(); message = dtls_->read(client)) {
    handle_message(client, message, now);
  }
  take_ended_dtls(now);
}

void TurnFront::take_ended_dtls(Instant now) {
  while (const auto client = dtls_->poll_ended()) turn_.handle_disconnect(*client, now);
  take_events();
}

void TurnFront::handle_stream(const FiveTuple& path, Bytes bytes, Instant now) {
  Stream& stream = stream_of(path, now);
  while (true) {
    const bool known = turn_.has_allocation(path);
    const auto frame =
        stream.framer.next(bytes, known ? wire::kMaxStreamFrame : turn::kMaxUnauthenticatedFrame);
    if (!frame) return refuse(path, now);
    if (!*frame) return;
    handle_message(path, **frame, now);
  }
}

TurnFront::Stream& TurnFront::stream_of(const FiveTuple& path, Instant now) {
  const auto [stream, is_new] = streams_.try_emplace(path.connection, Stream{.path = path});
  if (is_new) looks_.schedule(path.connection, now + turn::kAuthenticationTimeout);
  return stream->second;
}

void TurnFront::refuse(const FiveTuple& path, Instant now) {
  refused_.push_back(path.connection);
  handle_stream_closed(path, now);
}

void TurnFront::handle_stream_closed(const FiveTuple& path, Instant now) {
  streams_.erase(path.connection);
  looks_.cancel(path.connection);
  turn_.handle_disconnect(path, now);
  take_events();
}

void TurnFront::handle_message(const FiveTuple& client, Bytes message, Instant now) {
  const MutableBytes slot = outbox_.slot();
  if (slot.empty()) return;
  const turn::Outcome outcome = turn_.handle_message(client, message, slot, now, wall_);
  take_events();
  switch (outcome.kind) {
    case turn::Outcome::Kind::nothing:
      return;
    case turn::Outcome::Kind::reply:
      return outbox_.commit(client, outcome.reply.size());
    case turn::Outcome::Kind::to_peer:
      return owner_.on_to_peer({client, outcome.to_peer.allocation, outcome.to_peer.peer},
                               outcome.to_peer.data, now);
  }
}

void TurnFront::handle_timeout(Instant now) {
  turn_.handle_timeout(now);
  take_events();
  while (const auto connection = looks_.pop_due(now)) {
    if (const auto stream = streams_.find(*connection); stream != streams_.end())
      look_at(stream->second, now);
  }
  if (!dtls_) return;
  dtls_->handle_timeout(now, turn_);
  take_ended_dtls(now);
}

// A client may free its allocation and make another, so it has as long for that as for the first.
void TurnFront::look_at(Stream& stream, Instant now) {
  const bool has_allocation = turn_.has_allocation(stream.path);
  const bool had_allocation = std::exchange(stream.had_allocation, has_allocation);
  if (!has_allocation && !had_allocation) return refuse(FiveTuple(stream.path), now);
  looks_.schedule(stream.path.connection, now + turn::kAuthenticationTimeout);
}

turn::Credentials TurnFront::mint(std::string_view name, Duration lifetime, Instant now) {
  const std::int64_t lasts = std::chrono::duration_cast<std::chrono::seconds>(lifetime).count();
  turn::Credentials credentials = secrets_.mint(name, wall_.unix_seconds(now) + lasts);
  turn_.remember_user(credentials.username);
  return credentials;
}

bool TurnFront::poll_transmit(TransmitBatch& out) {
  while (outbox_.poll(out)) {
    if (seal(out)) return true;
  }
  return false;
}

Instant TurnFront::next_timeout() const {
  const Instant next = std::min(turn_.next_timeout(), looks_.next());
  return dtls_ ? std::min(next, dtls_->next_timeout()) : next;
}

void TurnFront::release(turn::AllocationId allocation, Instant now) {
  turn_.release(allocation, now);
  take_events();
}

void TurnFront::take_events() {
  while (const auto event = turn_.poll_event()) owner_.on_turn_event(*event);
}

std::optional<ConnectionId> TurnFront::poll_refused() {
  if (refused_.empty()) return std::nullopt;
  const ConnectionId connection = refused_.front();
  refused_.pop_front();
  return connection;
}

}  // namespace porthole::node
