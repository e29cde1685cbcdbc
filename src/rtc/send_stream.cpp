#include "rtc/send_stream.hpp"

#include <algorithm>
#include <utility>

namespace porthole::rtc {
namespace {

// RFC 6184 section 8.2.1 and RFC 7741 section 6.2.3: video has a clock of 90 kHz, 9 ticks in 100 us.
constexpr std::int64_t to_ticks(Duration duration) {
  return duration.count() * 9 / 100'000;
}

constexpr Duration from_ticks(std::int64_t ticks) {
  return Duration(ticks * 100'000 / 9);
}

// The distance between cached frames at join: see enqueue_cached().
constexpr std::int64_t kSqueezedTicks = to_ticks(1ms);

// A first sequence number in the lower half of the circle: a receiver that misses the first packets and sees
// the numbers wrap would guess SRTP's rollover counter wrong (RFC 3711 section 3.3.1).
std::uint16_t first_sequence(Random& random) {
  return static_cast<std::uint16_t>(random.u32() & 0x7fff);
}

}  // namespace

// Carries feedback into the stream; lives for one compound.
class SendStream::Listener final : public FeedbackSink {
 public:
  Listener(SendStream& stream, Instant now) : stream_(stream), now_(now) {}

  void on_report(const rtcp::ReportBlock& block) override { stream_.handle_report(block, now_); }
  void on_lost(std::uint16_t sequence) override { stream_.handle_lost(sequence, now_); }
  void on_picture_loss() override {
    ++stream_.stats_.picture_losses;
    outcome_.keyframe_wanted = true;
  }
  void on_intra_request(std::uint8_t command_sequence) override {
    // RFC 5104 section 4.3.1.2: the same number again is a repetition of the same request.
    if (std::exchange(stream_.last_intra_request_, command_sequence) == command_sequence) return;
    ++stream_.stats_.intra_requests;
    outcome_.keyframe_wanted = true;
  }
  void on_goodbye() override { outcome_.goodbye = true; }

  FeedbackOutcome& outcome() { return outcome_; }

 private:
  SendStream& stream_;
  Instant now_;
  FeedbackOutcome outcome_;
};

SendStream::SendStream(Config config, Random& random)
    : config_(std::move(config)),
      timestamp_offset_(random.u32()),
      next_sequence_(first_sequence(random)),
      next_rtx_sequence_(first_sequence(random)) {
  const auto id = config_.playout_delay_id;
  if (id && (*id == 0 || *id > rtp::kMaxOneByteId)) config_.playout_delay_id.reset();
}

SendStream::Enqueued SendStream::enqueue(FramePtr frame, Instant now) {
  const std::int64_t ticks = to_ticks(frame->pts);
  if (had_until_ && ticks <= *had_until_) return Enqueued::accepted;
  const Duration frame_time = distance_from_last(ticks);
  live_ticks_ = ticks;
  live_at_ = now;
  if (queue_.empty()) catch_up_until_ = {};
  drop_late(now);
  if (!frame->keyframe && (waiting_for_keyframe_ || overflows(*frame))) {
    if (last_ticks_) ++stats_.dropped_frames;
    waiting_for_keyframe_ = true;
    return has_media() ? Enqueued::dropped : Enqueued::keyframe_wanted;
  }
  if (waiting_for_keyframe_ || overflows(*frame)) discard_queue();
  waiting_for_keyframe_ = false;
  const bool catches_up = catch_up_until_ != Instant{};
  push(std::move(frame), ticks, now, catches_up ? Instant::max() : now + frame_time);
  return Enqueued::accepted;
}

Duration SendStream::distance_from_last(std::int64_t ticks) const {
  const bool is_known = live_ticks_ != 0 && ticks > live_ticks_;
  return is_known ? std::max(from_ticks(ticks - live_ticks_), kMinFrameTime) : kUsualFrameTime;
}

SendStream::Enqueued SendStream::enqueue_cached(std::span<const FramePtr> frames, Instant now) {
  if (frames.empty()) return Enqueued::keyframe_wanted;
  discard_queue();
  waiting_for_keyframe_ = false;
  catch_up_until_ = now + kCatchUpTime;
  const std::int64_t end = to_ticks(frames.back()->pts);
  live_ticks_ = end;
  live_at_ = now;
  auto successors = static_cast<std::int64_t>(frames.size());
  for (const FramePtr& frame : frames) {
    push(frame, end - --successors * kSqueezedTicks, now, Instant::max());
  }
  return Enqueued::accepted;
}

SendStream::Enqueued SendStream::resume(std::span<const FramePtr> frames, Instant now) {
  had_until_ = live_ticks_;
  if (frames.empty()) {
    waiting_for_keyframe_ = true;
    return Enqueued::keyframe_wanted;
  }
  Enqueued last = Enqueued::accepted;
  for (const FramePtr& frame : frames) last = enqueue(frame, now);
  return last;
}

void SendStream::drop_late(Instant now) {
  const auto is_late = [&](const Queued& queued) { return now - queued.since > max_delay_; };
  if (queue_.empty() || !is_late(queue_.front()) || now < catch_up_until_) return;
  const auto fresh = std::find_if(queue_.begin(), queue_.end(), [&](const Queued& queued) {
    return queued.frame->keyframe && !is_late(queued);
  });
  discard(static_cast<std::size_t>(fresh - queue_.begin()));
  if (queue_.empty()) waiting_for_keyframe_ = true;
  note_fall(now);
}

void SendStream::note_fall(Instant now) {
  if (fell_behind_at_ && now - *fell_behind_at_ < kSteadyTime) troubled_until_ = now + kSteadyTime;
  fell_behind_at_ = now;
}

bool SendStream::overflows(const PacketizedFrame& frame) const {
  // A frame that was begun does not count: it must be finished in any case.
  if (queue_.empty()) return false;
  return queued_bytes_ + frame.bytes.size() > kMaxQueuedBytes ||
         queued_packets_ + frame.payloads.size() > kMaxQueuedPackets;
}

void SendStream::push(FramePtr frame, std::int64_t ticks, Instant now, Instant due) {
  if (last_ticks_) ticks = std::max(ticks, *last_ticks_ + 1);
  last_ticks_ = ticks;
  queued_packets_ += frame->payloads.size();
  queued_bytes_ += frame->bytes.size();
  // A receiver keeps the last playout delay that it saw, so keyframes repeat it and other frames carry it
  // only until a report shows that something arrived. All packets of a frame are alike: see the runs.
  const bool has_extension = config_.playout_delay_id && (frame->keyframe || stats_.receiver_reports == 0);
  const auto timestamp = timestamp_offset_ + static_cast<std::uint32_t>(ticks);
  queue_.push_back({std::move(frame), timestamp, has_extension, now, due});
}

void SendStream::discard(std::size_t count) {
  stats_.dropped_frames += count;
  for (; count > 0; --count) {
    queued_packets_ -= queue_.front().frame->payloads.size();
    queued_bytes_ -= queue_.front().frame->bytes.size();
    queue_.pop_front();
  }
}

void SendStream::begin_frame() {
  Queued& front = queue_.front();
  queued_packets_ -= front.frame->payloads.size();
  queued_bytes_ -= front.frame->bytes.size();
  next_payload_ = 0;
  current_payloads_ = front.frame->payloads.size();
  current_due_ = front.due;
  history_.add({std::move(front.frame), front.timestamp, next_sequence_, front.has_extension});
  queue_.pop_front();
  ++stats_.frames;
}

SendStream::Due SendStream::due() const {
  if (mid_frame()) {
    const PacketizedFrame& frame = *history_.newest().frame;
    return {current_due_, frame.bytes.size() - frame.payloads[next_payload_].offset};
  }
  if (queue_.empty()) return {};
  return {queue_.front().due, queue_.front().frame->bytes.size()};
}

std::size_t SendStream::packet_size(const PacketizedFrame& frame, std::size_t index,
                                    bool has_extension) const {
  return rtp::kHeaderSize + (has_extension ? rtp::kPlayoutDelayExtensionSize : 0) +
         frame.payloads[index].size;
}

std::size_t SendStream::retransmission_size(const SendHistory::Found& found) const {
  return packet_size(*found.sent->frame, found.index, found.sent->has_extension) +
         (config_.rtx_payload_type ? kOriginalSequenceSize : 0);
}

std::size_t SendStream::next_size() const {
  if (const auto lost = retransmissions_.next()) {
    const auto found = history_.find(*lost, next_sequence_);
    return found ? retransmission_size(*found) : 0;
  }
  if (mid_frame()) {
    const SentFrame& sent = history_.newest();
    return packet_size(*sent.frame, next_payload_, sent.has_extension);
  }
  if (queue_.empty()) return 0;
  return packet_size(*queue_.front().frame, 0, queue_.front().has_extension);
}

SendStream::Packet SendStream::write_next(MutableBytes out, Instant now) {
  const std::size_t size = next_size();
  if (size == 0 || out.size() < size) return {};
  const auto lost = retransmissions_.next();
  if (!lost) return write_media(out.data(), size, now);
  // Nothing leaves the history between the request and now: media waits until retransmissions are out.
  const Packet packet = write_retransmission(out.data(), *history_.find(*lost, next_sequence_));
  retransmissions_.pop();
  return packet;
}

SendStream::Packet SendStream::write_media(std::uint8_t* out, std::size_t size, Instant now) {
  if (!mid_frame()) begin_frame();
  const SentFrame& sent = history_.newest();
  const std::size_t index = next_payload_++;
  const bool marker = index + 1 == current_payloads_;
  const Packet packet = write_packet(
      out, sent, index, {marker, config_.payload_type, next_sequence_, sent.timestamp, config_.ssrc},
      std::nullopt);
  retransmissions_.handle_sent(next_sequence_, size);
  ++next_sequence_;
  ++stats_.packets;
  stats_.bytes += packet.payload.size();
  reports_.start(now);
  return packet;
}

SendStream::Packet SendStream::write_retransmission(std::uint8_t* out, const SendHistory::Found& found) {
  const SentFrame& sent = *found.sent;
  const auto original = static_cast<std::uint16_t>(sent.first_sequence + found.index);
  const bool marker = found.index + 1 == sent.frame->payloads.size();
  ++stats_.retransmitted_packets;
  stats_.retransmitted_bytes += sent.frame->payloads[found.index].size;
  if (config_.rtx_payload_type) {
    return write_packet(
        out, sent, found.index,
        {marker, *config_.rtx_payload_type, next_rtx_sequence_++, sent.timestamp, config_.rtx_ssrc},
        original);
  }
  return write_packet(out, sent, found.index,
                      {marker, config_.payload_type, original, sent.timestamp, config_.ssrc}, std::nullopt);
}

SendStream::Packet SendStream::write_packet(std::uint8_t* out, const SentFrame& sent, std::size_t index,
                                            const rtp::Header& header,
                                            std::optional<std::uint16_t> original) const {
  Packet packet{.header_size = rtp::kHeaderSize, .written = 0, .payload = sent.frame->payload(index)};
  rtp::write_header(out, header, sent.has_extension);
  if (sent.has_extension) {
    rtp::write_playout_delay_extension(out + packet.header_size, *config_.playout_delay_id);
    packet.header_size += rtp::kPlayoutDelayExtensionSize;
  }
  packet.written = packet.header_size;
  if (original) {
    store_u16(out + packet.written, *original);
    packet.written += kOriginalSequenceSize;
  }
  return packet;
}

SendStream::FeedbackOutcome SendStream::handle_rtcp(Bytes compound, Instant now) {
  Listener listener(*this, now);
  listener.outcome().well_formed = read_feedback(compound, config_.ssrc, listener);
  return listener.outcome();
}

void SendStream::handle_lost(std::uint16_t sequence, Instant now) {
  ++stats_.lost_reported;
  if (const auto found = history_.find(sequence, next_sequence_)) {
    retransmissions_.request(sequence, retransmission_size(*found), reports_.round_trip(), now);
  } else {
    ++stats_.lost_unknown;
  }
}

void SendStream::handle_report(const rtcp::ReportBlock& block, Instant now) {
  ++stats_.receiver_reports;
  stats_.fraction_lost = block.fraction_lost / 256.0;
  stats_.cumulative_lost = block.cumulative_lost;
  stats_.jitter = from_ticks(block.jitter);
  reports_.handle_echo(block, now);
}

rtcp::SenderInfo SendStream::sender_info(Instant now, const WallClock& clock) const {
  rtcp::SenderInfo info;
  info.ntp = ntp_time(clock.time(now));
  info.rtp_timestamp = timestamp_offset_ + static_cast<std::uint32_t>(live_ticks_ + to_ticks(now - live_at_));
  info.packets = static_cast<std::uint32_t>(stats_.packets);
  info.octets = static_cast<std::uint32_t>(stats_.bytes);
  return info;
}

std::size_t SendStream::write_report(MutableBytes out, Instant now, const WallClock& clock) {
  if (reports_.next_timeout() > now) return 0;
  const rtcp::SenderInfo info = sender_info(now, clock);
  ByteWriter writer(out);
  rtcp::write_sender_report(writer, config_.ssrc, info);
  rtcp::write_source_description(writer, config_.ssrc, config_.cname);
  if (!writer.ok()) return 0;
  reports_.handle_sent(info.ntp, now);
  return writer.size();
}

std::size_t SendStream::write_goodbye(MutableBytes out, Instant now, const WallClock& clock) {
  if (stats_.packets == 0) return 0;
  ByteWriter writer(out);
  rtcp::write_sender_report(writer, config_.ssrc, sender_info(now, clock));
  rtcp::write_source_description(writer, config_.ssrc, config_.cname);
  rtcp::write_goodbye(writer, config_.ssrc);
  return writer.ok() ? writer.size() : 0;
}

SendStats SendStream::stats() const {
  SendStats stats = stats_;
  stats.round_trip = reports_.round_trip();
  return stats;
}

}  // namespace porthole::rtc
