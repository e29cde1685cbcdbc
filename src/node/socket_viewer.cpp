#include "node/socket_viewer.hpp"

#include <algorithm>
#include <utility>

namespace porthole::node {
namespace {

SharedBytes share(std::vector<std::uint8_t> bytes) {
  return std::make_shared<const std::vector<std::uint8_t>>(std::move(bytes));
}

}  // namespace

SocketViewer::SocketViewer(const FiveTuple& path, Broadcast& broadcast, Duration max_delay, Instant now)
    : path_(path),
      broadcast_(broadcast),
      max_delay_(max_delay),
      since_(now),
      next_ping_(now + kSocketPingInterval) {}

void SocketViewer::handle_bytes(Bytes bytes, Instant now) {
  while (!end_) {
    const auto message = reader_.next(bytes);
    if (!message) return end(ViewerEnd::broke_protocol, message.error());
    if (!*message) return;
    handle_message(**message, now);
  }
}

void SocketViewer::handle_message(const wire::WebSocketReader::Message& message, Instant now) {
  using Opcode = wire::WebSocketOpcode;
  unanswered_pings_ = 0;
  next_ping_ = now + kSocketPingInterval;
  switch (message.opcode) {
    case Opcode::close:
      // RFC 6455 section 5.5.1: its code comes back to it.
      return end(ViewerEnd::left, message.payload.empty()
                                      ? wire::WebSocketClose::normal
                                      : wire::WebSocketClose{load_u16(message.payload.data())});
    case Opcode::ping:
      // Section 5.5.3: only the latest ping needs an answer.
      pong_ = share(wire::write_websocket_frame(Opcode::pong, message.payload));
      return;
    case Opcode::text:
      // Pages cannot ping: this is how they measure the way there and back.
      echo_ = share(wire::write_websocket_frame(Opcode::text, message.payload));
      return;
    default:
      return;
  }
}

void SocketViewer::handle_timeout(Instant now) {
  if (end_ || now < next_ping_) return;
  if (unanswered_pings_ == kMaxUnansweredPings) {
    return end(ViewerEnd::consent_lost, wire::WebSocketClose::going_away);
  }
  ++unanswered_pings_;
  next_ping_ = now + kSocketPingInterval;
  ping_ = share(wire::write_websocket_frame(wire::WebSocketOpcode::ping, {}));
}

bool SocketViewer::enqueue(const SharedFragment& fragment, Instant now) {
  if (end_) return false;
  if (is_behind(now)) fall_behind(now);
  // A keyframe that comes before there is room for it would only be dropped as well.
  if (lost_frames_ && !fragment.keyframe) return !is_blocked_;
  lost_frames_ = false;
  backlog_bytes_ += fragment.message->size();
  backlog_.push_back({fragment, now});
  return false;
}

bool SocketViewer::enqueue_cached(std::span<const SharedFragment> fragments, Instant now) {
  for (const SharedFragment& fragment : fragments) enqueue(fragment, now);
  return lost_frames_;
}

bool SocketViewer::is_behind(Instant now) const {
  if (backlog_.empty()) return false;
  // Who has just joined may take longer, as in rtc::SendStream.
  if (now - since_ < rtc::kCatchUpTime) return backlog_bytes_ > kMaxSocketBacklogBytes;
  return now - backlog_.front().since > max_delay_ || backlog_bytes_ > kMaxSocketBacklogBytes;
}

void SocketViewer::drop_backlog() {
  backlog_.clear();
  backlog_bytes_ = 0;
  lost_frames_ = true;
}

void SocketViewer::fall_behind(Instant now) {
  drop_backlog();
  if (fell_behind_ && now - *fell_behind_ < rtc::kSteadyTime) troubled_until_ = now + rtc::kSteadyTime;
  fell_behind_ = now;
}

bool SocketViewer::poll_write(StreamWrite& out) {
  if (is_blocked_ && !end_) return false;
  if (is_between_messages()) {
    current_ = next_message();
    sent_of_current_ = 0;
  }
  if (!current_ && !end_) return false;
  out.to = path_;
  out.is_last = end_.has_value();
  out.bytes = {};
  if (!current_) return true;
  out.bytes = Bytes(*current_).subspan(sent_of_current_);
  out.bytes = out.bytes.first(std::min(out.bytes.size(), kMaxStreamBatch));
  sent_of_current_ += out.bytes.size();
  is_blocked_ = true;
  return true;
}

SharedBytes SocketViewer::next_message() {
  if (goodbye_) return std::exchange(goodbye_, nullptr);
  if (auto control = take_control()) return control;
  if (backlog_.empty()) return nullptr;
  Waiting& next = backlog_.front();
  if (next.fragment.introduction != introduced_) {
    introduced_ = next.fragment.introduction;
    return introduced_;
  }
  SharedBytes message = std::move(next.fragment.message);
  backlog_bytes_ -= message->size();
  backlog_.pop_front();
  ++stats_.frames;
  ++stats_.packets;
  return message;
}

SharedBytes SocketViewer::take_control() {
  for (SharedBytes* waiting : {&pong_, &ping_, &echo_}) {
    if (*waiting) return std::exchange(*waiting, nullptr);
  }
  return nullptr;
}

void SocketViewer::end(ViewerEnd reason, wire::WebSocketClose code) {
  if (end_) return;
  end_ = reason;
  drop_backlog();
  if (is_between_messages()) goodbye_ = share(wire::write_websocket_close(code));
  current_ = nullptr;
}

}  // namespace porthole::node
