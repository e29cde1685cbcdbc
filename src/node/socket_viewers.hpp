// All who watch by WebSocket: from the HTTP request that becomes one to the last byte.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <unordered_map>

#include "base/http.hpp"
#include "base/timer_queue.hpp"
#include "node/audience.hpp"
#include "node/broadcast.hpp"
#include "node/events.hpp"
#include "node/socket_viewer.hpp"

namespace porthole::node {

class SocketViewers {
 public:
  // A frame may wait for `max_delay` before it is begun. Broadcasts and audience are borrowed and outlive
  // this.
  SocketViewers(Broadcasts& broadcasts, Audience& audience, Duration max_delay)
      : max_delay_(max_delay), broadcasts_(broadcasts), audience_(audience) {}

  static constexpr std::string_view kPrefix = "/websocket/";

  // Without it nobody can watch so. Borrowed, outlives this.
  void serve(FragmenterFactory& fragmenters) { fragmenters_ = &fragmenters; }

  // For paths that begin with kPrefix. 101 makes the request's connection a viewer.
  HttpResponse handle_http(const HttpRequest& request, Instant now);

  // The connection's owner, from 101 on.
  bool owns(ConnectionId connection) const { return by_connection_.contains(connection); }
  void handle_stream(const FiveTuple& path, Bytes bytes, Instant now);
  void handle_stream_closed(ConnectionId connection);
  void handle_stream_writable(ConnectionId connection);
  void handle_timeout(Instant now);
  Instant next_timeout() const { return timers_.next(); }

  // The next frame of the H.264 rendition.
  void push_frame(Broadcast& broadcast, std::shared_ptr<const EncodedFrame> frame, Instant now);

  bool poll_stream(StreamWrite& out, Instant now);
  // Only ViewerConnected and ViewerGone.
  std::optional<Event> poll_event();

  void shut_down();

  std::size_t size() const { return by_connection_.size(); }

 private:
  SocketViewer* find(ConnectionId connection) const;
  void add(const FiveTuple& path, Broadcast& broadcast, Seat seat, Instant now);
  void remove(SocketViewer& viewer);
  void wake(SocketViewer& viewer);

  const Duration max_delay_;  // Constant after construction.

  Broadcasts& broadcasts_;  // Borrowed.
  Audience& audience_;      // Borrowed.
  FragmenterFactory* fragmenters_ = nullptr;

  std::unordered_map<ConnectionId, std::unique_ptr<SocketViewer>> by_connection_;  // Owned.
  std::deque<SocketViewer*> awake_;
  std::unique_ptr<SocketViewer> last_;  // Removed, but its last bytes are still borrowed.
  mutable TimerQueue<ConnectionId> timers_;
  std::deque<Event> events_;
};

}  // namespace porthole::node
