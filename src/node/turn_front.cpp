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
  wire::StreamFramer& framer = framers_[path.connection];
  while (true) {
    const auto frame = framer.next(bytes);
    if (!frame) {
      refused_.push_back(path.connection);
      return handle_stream_closed(path, now);
    }
    if (!*frame) return;
    handle_message(path, **frame, now);
  }
}

void TurnFront::handle_stream_closed(const FiveTuple& path, Instant now) {
  framers_.erase(path.connection);
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
