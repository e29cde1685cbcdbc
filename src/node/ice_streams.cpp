#include "node/ice_streams.hpp"

#include <utility>

#include "turn/limits.hpp"
#include "wire/first_bytes.hpp"

namespace porthole::node {

bool IceStreams::accept(const FiveTuple& path, Bytes bytes, Instant now) {
  if (streams_.contains(path.connection)) return true;
  if (wire::classify_stream(bytes) != wire::StreamKind::ice_tcp) return false;
  streams_.emplace(path.connection, Stream{.path = path});
  looks_.schedule(path.connection, now + turn::kAuthenticationTimeout);
  return true;
}

Result<std::optional<Bytes>, wire::StreamError> IceStreams::next(const FiveTuple& path, Bytes& bytes) {
  const auto stream = streams_.find(path.connection);
  if (stream == streams_.end()) return std::optional<Bytes>();
  const auto packet = stream->second.framer.next(bytes, wire::kLengthPrefixSize + kMaxIcePacket);
  if (!packet) refuse(FiveTuple(path));
  return packet;
}

void IceStreams::handle_closed(const FiveTuple& path) {
  streams_.erase(path.connection);
  looks_.cancel(path.connection);
}

void IceStreams::handle_timeout(Instant now) {
  while (const auto connection = looks_.pop_due(now)) {
    if (const auto stream = streams_.find(*connection); stream != streams_.end())
      look_at(stream->second, now);
  }
}

// A viewer's checks may move from one connection to another and back, so one that was of use has as long
// again.
void IceStreams::look_at(Stream& stream, Instant now) {
  const Route route{stream.path, {}, {}};
  const bool is_used = viewers_.by_route(route).has_value() || neighbours_.tenant(route).has_value();
  const bool was_used = std::exchange(stream.was_used, is_used);
  if (!is_used && !was_used) return refuse(FiveTuple(stream.path));
  looks_.schedule(stream.path.connection, now + turn::kAuthenticationTimeout);
}

void IceStreams::refuse(const FiveTuple& path) {
  refused_.push_back(path.connection);
  handle_closed(path);
}

std::optional<ConnectionId> IceStreams::poll_refused() {
  if (refused_.empty()) return std::nullopt;
  const ConnectionId connection = refused_.front();
  refused_.pop_front();
  return connection;
}

}  // namespace porthole::node
