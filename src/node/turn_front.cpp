#include "node/turn_front.hpp"

#include <utility>

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
      turn_(with_nonce_key(std::move(config), random), secrets_, policy, addresses, random) {}

void TurnFront::handle_datagram(const Datagram& datagram, Instant now) {
  handle_message(datagram.path, datagram.bytes, now);
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
  const auto [stream, is_new] = streams_.try_emplace(path.connection, Stream{path, {}});
  if (is_new) strangers_.schedule(path.connection, now + turn::kAuthenticationTimeout);
  return stream->second;
}

void TurnFront::refuse(const FiveTuple& path, Instant now) {
  refused_.push_back(path.connection);
  handle_stream_closed(path, now);
}

void TurnFront::handle_stream_closed(const FiveTuple& path, Instant now) {
  streams_.erase(path.connection);
  strangers_.cancel(path.connection);
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
  while (const auto connection = strangers_.pop_due(now)) {
    const auto stream = streams_.find(*connection);
    if (stream == streams_.end() || turn_.has_allocation(stream->second.path)) continue;
    refuse(FiveTuple(stream->second.path), now);
  }
}

turn::Credentials TurnFront::mint(std::string_view name, Duration lifetime, Instant now) {
  const std::int64_t lasts = std::chrono::duration_cast<std::chrono::seconds>(lifetime).count();
  turn::Credentials credentials = secrets_.mint(name, wall_.unix_seconds(now) + lasts);
  turn_.remember_user(credentials.username);
  return credentials;
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
