#include "virtual_network.hpp"

#include <algorithm>

#include "wire/first_bytes.hpp"

namespace porthole::sim {

namespace {

constexpr std::size_t kSegment = 1400;

}  // namespace

void VirtualNetwork::set_server(Server server, std::vector<SocketAddress> addresses) {
  server_ = std::move(server);
  server_addresses_ = std::move(addresses);
}

SocketId VirtualNetwork::open_udp(const SocketAddress& outside, const LinkQuality& link, Receive receive) {
  const SocketId id{++last_id_};
  sockets_[id] = {outside, link, std::move(receive)};
  by_outside_[outside] = id;
  return id;
}

void VirtualNetwork::set_link(SocketId socket, const LinkQuality& link) {
  sockets_.at(socket).link = link;
}

void VirtualNetwork::rebind(SocketId socket, const SocketAddress& outside) {
  by_outside_.erase(sockets_.at(socket).outside);
  sockets_.at(socket).outside = outside;
  by_outside_[outside] = socket;
}

void VirtualNetwork::close_udp(SocketId socket) {
  const auto found = sockets_.find(socket);
  if (found == sockets_.end()) return;
  by_outside_.erase(found->second.outside);
  sockets_.erase(found);
}

Duration VirtualNetwork::latency(const LinkQuality& link) {
  if (link.jitter == Duration{}) return link.delay;
  return link.delay +
         Duration(static_cast<std::int64_t>(static_cast<double>(link.jitter.count()) * chance()));
}

void VirtualNetwork::carry(const LinkQuality& link, Bytes bytes, const std::function<void(Bytes)>& arrive) {
  const int copies = link.duplication > 0 && chance() < link.duplication ? 2 : 1;
  for (int i = 0; i < copies; ++i) {
    if (link.loss > 0 && chance() < link.loss) continue;
    scheduler_.after(latency(link), [arrive, copy = Buffer(bytes.begin(), bytes.end())] { arrive(copy); });
  }
}

void VirtualNetwork::send_udp(SocketId socket, const SocketAddress& to, Bytes bytes) {
  const auto found = sockets_.find(socket);
  if (found == sockets_.end() || std::ranges::find(server_addresses_, to) == server_addresses_.end()) return;
  const SocketAddress from = found->second.outside;
  carry(found->second.link, bytes, [this, from, to](Bytes arrived) { forge(from, to, arrived); });
}

void VirtualNetwork::forge(const SocketAddress& from, const SocketAddress& to, Bytes bytes) {
  heard_from_.insert(from);
  server_.on_datagram({{Transport::udp, to, from, ConnectionId::none}, bytes});
}

FiveTuple VirtualNetwork::open_stream(const SocketAddress& outside, const SocketAddress& to,
                                      const LinkQuality& link, Receive receive) {
  const ConnectionId id{++last_id_};
  const FiveTuple path{Transport::tcp, to, outside, id};
  streams_[id] = {
      .path = path, .link = link, .receive = std::move(receive), .is_known = false, .up = {}, .down = {}};
  return path;
}

void VirtualNetwork::set_link(const FiveTuple& stream, const LinkQuality& link) {
  const auto found = streams_.find(stream.connection);
  if (found != streams_.end()) found->second.link = link;
}

void VirtualNetwork::send_stream(const FiveTuple& stream, Bytes bytes) {
  push(stream.connection, true, bytes);
}

void VirtualNetwork::close_stream(const FiveTuple& stream) {
  if (streams_.erase(stream.connection) == 0) return;
  server_.on_stream_closed(stream);
}

bool VirtualNetwork::deliver(const TransmitBatch& batch) {
  if (batch.to.is_stream()) return deliver_stream(batch.to.connection, batch.bytes());
  for (Bytes rest = batch.bytes(); !rest.empty();) {
    const Bytes segment = rest.first(std::min(batch.segment_size, rest.size()));
    rest = rest.subspan(segment.size());
    deliver_datagram(batch.to.remote, segment);
  }
  return true;
}

bool VirtualNetwork::deliver_stream(ConnectionId id, Bytes bytes) {
  const auto found = streams_.find(id);
  if (found == streams_.end()) return true;
  Stream& stream = found->second;
  if (stream.link.reads && stream.link.stream_bits_per_second == 0 && stream.waiting == 0) {
    push(id, false, bytes);
    return true;
  }
  stream.waiting += bytes.size();
  most_waiting_ = std::max(most_waiting_, stream.waiting);
  stream.is_blocked = stream.is_blocked || stream.waiting > kStreamBuffer;
  if (!stream.link.reads) return !stream.is_blocked;
  const std::int64_t rate = std::max<std::int64_t>(stream.link.stream_bits_per_second, 1);
  while (!bytes.empty()) {
    const Bytes segment = bytes.first(std::min(bytes.size(), kSegment));
    bytes = bytes.subspan(segment.size());
    const auto bits = static_cast<std::int64_t>(segment.size() * 8);
    stream.free_at = std::max(stream.free_at, scheduler_.now()) + Duration(1s) * bits / rate;
    scheduler_.at(stream.free_at,
                  [this, id, copy = Buffer(segment.begin(), segment.end())] { leave(id, copy); });
  }
  return !stream.is_blocked;
}

void VirtualNetwork::leave(ConnectionId id, Bytes bytes) {
  const auto found = streams_.find(id);
  if (found == streams_.end()) return;
  Stream& stream = found->second;
  stream.waiting -= bytes.size();
  push(id, false, bytes);
  if (stream.waiting > kStreamBuffer / 2 || !std::exchange(stream.is_blocked, false)) return;
  server_.on_stream_writable(FiveTuple(stream.path));
}

void VirtualNetwork::deliver_datagram(const SocketAddress& to, Bytes bytes) {
  const auto found = by_outside_.find(to);
  if (found == by_outside_.end()) {
    ++to_nobody_[to];
    return;
  }
  carry(sockets_.at(found->second).link, bytes, [this, id = found->second](Bytes arrived) {
    const auto socket = sockets_.find(id);
    if (socket != sockets_.end()) socket->second.receive(arrived);
  });
}

// Once at its arrival, up to a random byte, and once a little later, together with what came behind it: so
// every boundary between messages, and none, is a place to cut.
void VirtualNetwork::push(ConnectionId id, bool up, Bytes bytes) {
  const auto found = streams_.find(id);
  if (found == streams_.end()) return;
  Stream& stream = found->second;
  Flow& flow = up ? stream.up : stream.down;
  flow.bytes.insert(flow.bytes.end(), bytes.begin(), bytes.end());
  flow.last_arrival = std::max(flow.last_arrival, scheduler_.now() + latency(stream.link));
  scheduler_.at(flow.last_arrival, [this, id, up] { drain(id, up, false); });
  scheduler_.at(flow.last_arrival + 1ms, [this, id, up] { drain(id, up, true); });
}

void VirtualNetwork::drain(ConnectionId id, bool up, bool whole) {
  const auto found = streams_.find(id);
  if (found == streams_.end()) return;
  Flow& flow = up ? found->second.up : found->second.down;
  if (flow.bytes.empty()) return;
  const std::size_t size = whole ? flow.bytes.size() : random_.u32() % flow.bytes.size();
  if (size == 0) return;
  if (up && !found->second.is_known) {
    // The one port asks before it hands a stream on.
    if (wire::classify_stream(Bytes(flow.bytes).first(size)) == wire::StreamKind::need_more) return;
    found->second.is_known = true;
  }
  const Buffer arrived(flow.bytes.begin(), flow.bytes.begin() + static_cast<std::ptrdiff_t>(size));
  flow.bytes.erase(flow.bytes.begin(), flow.bytes.begin() + static_cast<std::ptrdiff_t>(size));
  // Copies, because what is called may close the stream.
  if (up) return server_.on_stream(FiveTuple(found->second.path), arrived);
  const Receive receive = found->second.receive;
  receive(arrived);
}

bool VirtualNetwork::may_be_sent_to(const FiveTuple& path) const {
  if (!path.is_stream()) return heard_from_.contains(path.remote);
  const auto found = streams_.find(path.connection);
  return found != streams_.end() && found->second.path == path;
}

std::size_t VirtualNetwork::sent_to_nobody(const SocketAddress& address) const {
  const auto found = to_nobody_.find(address);
  return found == to_nobody_.end() ? 0 : found->second;
}

}  // namespace porthole::sim
