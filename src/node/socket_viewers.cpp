#include "node/socket_viewers.hpp"

#include <algorithm>
#include <utility>

#include "node/http_reply.hpp"

namespace porthole::node {
namespace {

constexpr const char* kVersion = "13";  // RFC 6455 section 4.1.
constexpr const char* kPath = "WebSocket";
constexpr const char* kRetryAfterSeconds = "10";

// Whether a field of comma-separated tokens has this one (RFC 9110 section 5.6.1).
bool has_token(std::string_view field, std::string_view token) {
  while (!field.empty()) {
    const std::size_t comma = std::min(field.find(','), field.size());
    std::string_view item = field.substr(0, comma);
    field.remove_prefix(std::min(field.size(), comma + 1));
    while (!item.empty() && (item.front() == ' ' || item.front() == '\t')) item.remove_prefix(1);
    while (!item.empty() && (item.back() == ' ' || item.back() == '\t')) item.remove_suffix(1);
    if (equal_ignoring_case(item, token)) return true;
  }
  return false;
}

HttpResponse refuse_method() {
  HttpResponse response = error_reply(405, "Only GET here.");
  response.headers.emplace_back("Allow", "GET");
  return response;
}

HttpResponse refuse_for_now() {
  HttpResponse response = error_reply(503, "Too many viewers at the moment.");
  response.headers.emplace_back("Retry-After", kRetryAfterSeconds);
  return response;
}

// RFC 9110 section 15.5.22; RFC 6455 section 4.2.2 has the version in it.
HttpResponse ask_to_upgrade() {
  HttpResponse response = error_reply(426, "This is a WebSocket, version 13.");
  response.headers.emplace_back("Upgrade", "websocket");
  response.headers.emplace_back("Sec-WebSocket-Version", kVersion);
  return response;
}

// RFC 6455 section 4.2.1. No Origin is refused: see docs/decisions/0017.
HttpResponse shake_hands(const HttpRequest& request) {
  const bool asks = has_token(request.header("Upgrade"), "websocket") &&
                    has_token(request.header("Connection"), "upgrade") &&
                    request.header("Sec-WebSocket-Version") == kVersion;
  if (!asks) return ask_to_upgrade();
  const auto accept = wire::websocket_accept(request.header("Sec-WebSocket-Key"));
  if (!accept) return error_reply(400, "Sec-WebSocket-Key is not the base64 of 16 bytes.");
  HttpResponse response{101, {}, {}};
  response.headers.emplace_back("Upgrade", "websocket");
  response.headers.emplace_back("Sec-WebSocket-Accept", *accept);
  return response;
}

}  // namespace

HttpResponse SocketViewers::handle_http(const HttpRequest& request, Instant now) {
  const auto broadcast = broadcasts_.find(std::string_view(request.path).substr(kPrefix.size()));
  if (broadcast == broadcasts_.end() || fragmenters_ == nullptr) {
    return error_reply(404, "This stream does not exist.");
  }
  if (request.method != "GET") return refuse_method();
  auto seat = audience_.admit();
  if (!seat) return refuse_for_now();
  HttpResponse response = shake_hands(request);
  if (response.status == 101) add(request.via, broadcast->second, std::move(*seat), now);
  return response;
}

void SocketViewers::add(const FiveTuple& path, Broadcast& broadcast, Seat seat, Instant now) {
  auto owned = std::make_unique<SocketViewer>(path, broadcast, max_delay_, now);
  SocketViewer& viewer = *owned;
  viewer.seat = std::move(seat);
  viewer.watching = audience_.watch(broadcast.name());
  by_connection_[path.connection] = std::move(owned);
  broadcast.rendition(VideoCodec::h264).expect();
  broadcast.fragments().join(viewer, *fragmenters_);
  if (viewer.enqueue_cached(broadcast.fragments().fragments(), now)) {
    broadcast.rendition(VideoCodec::h264).gate().request(now);
  }
  wake(viewer);
}

SocketViewer* SocketViewers::find(ConnectionId connection) const {
  const auto found = by_connection_.find(connection);
  return found == by_connection_.end() ? nullptr : found->second.get();
}

void SocketViewers::handle_stream(const FiveTuple& path, Bytes bytes, Instant now) {
  SocketViewer* viewer = find(path.connection);
  if (viewer == nullptr) return;
  viewer->handle_bytes(bytes, now);
  wake(*viewer);
}

void SocketViewers::handle_stream_closed(ConnectionId connection) {
  SocketViewer* viewer = find(connection);
  if (viewer == nullptr) return;
  viewer->end(ViewerEnd::left, wire::WebSocketClose::normal);
  remove(*viewer);
}

void SocketViewers::handle_stream_writable(ConnectionId connection) {
  SocketViewer* viewer = find(connection);
  if (viewer == nullptr) return;
  viewer->handle_writable();
  wake(*viewer);
}

void SocketViewers::handle_timeout(Instant now) {
  while (const auto connection = timers_.pop_due(now)) {
    SocketViewer* viewer = find(*connection);
    if (viewer == nullptr) continue;
    viewer->handle_timeout(now);
    wake(*viewer);
  }
}

void SocketViewers::push_frame(Broadcast& broadcast, std::shared_ptr<const EncodedFrame> frame, Instant now) {
  const SharedFragment* fragment = broadcast.fragments().add(std::move(frame));
  if (fragment == nullptr) return;
  if (fragment->after_gap) broadcast.rendition(VideoCodec::h264).gate().request(now);
  for (SocketViewer* viewer : broadcast.fragments().viewers()) {
    if (viewer->enqueue(*fragment, now)) {
      broadcast.rendition(VideoCodec::h264).gate().request(now, viewer->urgency(now));
    }
    wake(*viewer);
  }
}

bool SocketViewers::poll_stream(StreamWrite& out, Instant now) {
  last_.reset();
  while (!awake_.empty()) {
    SocketViewer& viewer = *awake_.front();
    if (viewer.poll_write(out)) {
      if (out.is_last) {
        remove(viewer);
      } else if (viewer.stats().frames > 0 && !std::exchange(viewer.is_announced, true)) {
        events_.push_back(
            ViewerConnected{viewer.broadcast().name(), viewer.path().remote, kPath, now - viewer.since()});
      }
      return true;
    }
    awake_.pop_front();
    viewer.is_queued = false;
    timers_.schedule(viewer.path().connection, viewer.next_timeout());
  }
  return false;
}

void SocketViewers::wake(SocketViewer& viewer) {
  if (!std::exchange(viewer.is_queued, true)) awake_.push_back(&viewer);
}

void SocketViewers::remove(SocketViewer& viewer) {
  Broadcast& broadcast = viewer.broadcast();
  broadcast.fragments().leave(viewer);
  broadcast.rendition(VideoCodec::h264).forgo();
  events_.push_back(ViewerGone{broadcast.name(), *viewer.ended(), viewer.stats()});
  std::erase(awake_, &viewer);
  timers_.cancel(viewer.path().connection);
  auto node = by_connection_.extract(viewer.path().connection);
  last_ = std::move(node.mapped());
  // It may stay for a while yet.
  last_->seat = {};
  last_->watching = {};
}

std::optional<Event> SocketViewers::poll_event() {
  if (events_.empty()) return std::nullopt;
  Event event = std::move(events_.front());
  events_.pop_front();
  return event;
}

void SocketViewers::shut_down() {
  for (auto& [connection, viewer] : by_connection_) {
    viewer->end(ViewerEnd::shut_down, wire::WebSocketClose::going_away);
    wake(*viewer);
  }
}

}  // namespace porthole::node
