// One viewer that watches by WebSocket: what waits for it, in order, and what it says.
#pragma once

#include <deque>
#include <optional>
#include <span>
#include <vector>

#include "base/packet.hpp"
#include "node/audience.hpp"
#include "node/batch_capacity.hpp"
#include "node/broadcast.hpp"
#include "node/fragment_stream.hpp"
#include "node/viewer_end.hpp"
#include "rtc/send_stream.hpp"
#include "wire/websocket.hpp"

namespace porthole::node {

// Beyond this a backlog is dropped however young it is.
constexpr std::size_t kMaxSocketBacklogBytes = 2 * kMaxGroupBytes;

// RFC 6455 section 5.5.2. A viewer that heard so many pings and said nothing is gone.
constexpr Duration kSocketPingInterval = 15s;
constexpr int kMaxUnansweredPings = 2;

class SocketViewer {
 public:
  // A fragment that waits for longer than `max_delay` is dropped, and all behind it up to the next keyframe:
  // what the viewer would see otherwise is the past.
  SocketViewer(const FiveTuple& path, Broadcast& broadcast, Duration max_delay, Instant now);

  // What the client sent.
  void handle_bytes(Bytes bytes, Instant now);
  // What was handed over has gone.
  void handle_writable() { is_blocked_ = false; }
  void handle_timeout(Instant now);
  Instant next_timeout() const { return end_ ? Instant::max() : next_ping_; }

  // True when the viewer needs a keyframe to go on.
  bool enqueue(const SharedFragment& fragment, Instant now);
  bool enqueue_cached(std::span<const SharedFragment> fragments, Instant now);

  // How pressing its wish for a keyframe is. Who cannot take the stream is not to spoil it for the others.
  rtc::Urgency urgency(Instant now) const {
    return now < troubled_until_ ? rtc::Urgency::patient : rtc::Urgency::prompt;
  }

  // The next piece, of kMaxStreamBatch at most, which is all that is copied for a slow viewer; false when
  // there is none, or the last one has not gone yet. Behind one that `is_last` the viewer is done with.
  bool poll_write(StreamWrite& out);

  // Says goodbye where the last message is whole, and drops what waits.
  void end(ViewerEnd reason, wire::WebSocketClose code);
  std::optional<ViewerEnd> ended() const { return end_; }

  const FiveTuple& path() const { return path_; }
  Broadcast& broadcast() const { return broadcast_; }
  Instant since() const { return since_; }
  rtc::SendStats stats() const { return stats_; }

  // For SocketViewers: whether it waits to be polled, whether its first picture was told of, and where it is
  // counted.
  bool is_queued = false;
  bool is_announced = false;
  Seat seat;
  Seat watching;

 private:
  struct Waiting {
    SharedFragment fragment;
    Instant since;
  };

  void handle_message(const wire::WebSocketReader::Message& message, Instant now);
  bool is_between_messages() const { return !current_ || sent_of_current_ == current_->size(); }
  void drop_backlog();
  void fall_behind(Instant now);
  bool is_behind(Instant now) const;
  // What goes next, where a message ended; nullptr when there is nothing.
  SharedBytes next_message();
  SharedBytes take_control();

  // Constant after construction.
  const FiveTuple path_;
  Broadcast& broadcast_;  // Borrowed: broadcasts outlive their viewers.
  const Duration max_delay_;
  const Instant since_;

  wire::WebSocketReader reader_;
  Instant next_ping_;
  int unanswered_pings_ = 0;

  // One of each waits at most, however much the client asks for.
  SharedBytes pong_;
  SharedBytes echo_;
  SharedBytes ping_;
  SharedBytes goodbye_;

  std::deque<Waiting> backlog_;
  std::size_t backlog_bytes_ = 0;
  SharedBytes introduced_;              // The introduction that the viewer has had.
  bool lost_frames_ = true;             // Nothing is of use before the next keyframe.
  std::optional<Instant> fell_behind_;  // The last time.
  Instant troubled_until_ = Instant::min();

  SharedBytes current_;  // The message that is on its way.
  std::size_t sent_of_current_ = 0;
  bool is_blocked_ = false;
  rtc::SendStats stats_;
  std::optional<ViewerEnd> end_;
};

}  // namespace porthole::node
