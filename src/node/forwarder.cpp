#include "node/forwarder.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "node/http_reply.hpp"
#include "wire/channel_data.hpp"
#include "wire/first_bytes.hpp"

namespace porthole::node {
namespace {

// An application has a handful of sockets for each of its connections; beyond that the one that has been
// known for longest is found out again.
constexpr std::size_t kMaxKnownPeers = 32;

turn::Config turn_config(const ForwardOptions& options) {
  turn::Config config;
  config.realm = options.realm;
  config.software = "porthole";
  // Nothing but TURN comes here, so that RFC 5766's channel numbers stay free for it.
  config.max_datagram_channel = wire::kMaxStreamChannel;
  config.limits = options.limits;
  config.commons = options.commons;
  return config;
}

// Not std::ranges::copy, which GCC 12 makes a loop over single bytes of.
void copy_payload(Bytes from, MutableBytes to) {
  if (!from.empty()) std::memcpy(to.data(), from.data(), from.size());
}

bool is_channel_data(Bytes datagram) {
  return datagram.size() >= wire::kChannelHeaderSize && wire::is_channel_number(load_u16(datagram.data()));
}

}  // namespace

Forwarder::Forwarder(const ForwardOptions& options, turn::RelayAddresses& addresses, Random& random)
    : policy_(options.rules, addresses),
      front_(turn_config(options), options.secrets, policy_, policy_, random, *this) {}

void Forwarder::handle_datagram(const Datagram& datagram, Instant now) {
  const wire::DatagramKind kind = wire::classify_datagram(datagram.bytes);
  const bool is_turn = kind == wire::DatagramKind::stun || kind == wire::DatagramKind::dtls;
  if (is_turn || is_channel_data(datagram.bytes)) front_.handle_datagram(datagram, now);
}

void Forwarder::handle_stream(const FiveTuple& path, Bytes bytes, Instant now) {
  front_.handle_stream(path, bytes, now);
}

void Forwarder::handle_stream_closed(const FiveTuple& path, Instant now) {
  front_.handle_stream_closed(path, now);
}

void Forwarder::on_to_peer(const Route& route, Bytes data, Instant now) {
  (void)now;
  const auto relayed = front_.server().relayed_address(route.allocation, route.peer.ip.family());
  if (!relayed) return;
  const MutableBytes slot = front_.outbox().slot(data.size());
  if (slot.size() < data.size()) return;
  copy_payload(data, slot);
  front_.outbox().commit({.transport = Transport::udp, .local = *relayed, .remote = route.peer}, data.size());
}

// A frame's datagrams come in a row, and what is to be known about them is found out once.
void Forwarder::handle_peer_datagrams(std::span<const Datagram> datagrams, Instant now) {
  while (!datagrams.empty()) {
    const auto end = std::ranges::find_if(
        datagrams, [&](const Datagram& datagram) { return datagram.path != datagrams.front().path; });
    const auto count = static_cast<std::size_t>(end - datagrams.begin());
    deliver(datagrams.first(count), now);
    datagrams = datagrams.subspan(count);
  }
}

// All of one path.
void Forwarder::deliver(std::span<const Datagram> datagrams, Instant now) {
  const SocketAddress& peer = datagrams.front().path.remote;
  // A socket takes what anybody sends it. Whoever may not be reached may not be heard, permission or not.
  if (!policy_.allows(peer)) return;
  const turn::AllocationId allocation = front_.server().allocation_at(datagrams.front().path.local);
  if (allocation == turn::AllocationId::none) return;
  turn::PeerFraming* around = framing(allocation, peer, now);
  const FiveTuple* client = front_.server().client(allocation);
  if (around == nullptr || client == nullptr) return;
  for (const Datagram& datagram : datagrams) {
    const std::size_t size = datagram.bytes.size();
    if (!front_.may_deliver(allocation, size, now)) continue;
    const MutableBytes slot = front_.outbox().slot(around->total_size(size));
    if (slot.empty()) continue;
    copy_payload(datagram.bytes, slot.subspan(around->prefix_size()));
    const std::size_t framed = around->frame(slot, size);
    if (framed > 0) front_.outbox().commit(*client, framed);
  }
}

// nullptr when the client has not permitted that peer.
turn::PeerFraming* Forwarder::framing(turn::AllocationId allocation, const SocketAddress& peer, Instant now) {
  const auto entry = known_.find(allocation);
  if (entry != known_.end()) {
    const auto known = std::ranges::find(entry->second, peer, &KnownPeer::address);
    if (known != entry->second.end() && now < known->framing.valid_until()) return &known->framing;
    if (known != entry->second.end()) entry->second.erase(known);
  }
  const auto fresh = front_.server().framing(allocation, peer, now);
  if (!fresh) return nullptr;
  std::vector<KnownPeer>& peers = known_[allocation];
  if (peers.size() == kMaxKnownPeers) peers.erase(peers.begin());
  return &peers.emplace_back(KnownPeer{peer, *fresh}).framing;
}

void Forwarder::on_turn_event(const turn::Event& event) {
  known_.erase(event.allocation);
}

std::optional<HttpResponse> Forwarder::handle_http(const HttpRequest& request, Instant now) {
  (void)now;
  if (request.path == "/healthz") return health_reply(request);
  if (request.path != "/ice") return std::nullopt;
  return error_reply(404, "This server gives no credentials to strangers: see porthole ice-servers --help.");
}

bool Forwarder::poll_transmit(TransmitBatch& out, Instant now) {
  (void)now;
  return front_.poll_transmit(out);
}

}  // namespace porthole::node
