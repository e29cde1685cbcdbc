#include "video_receiver.hpp"

#include <algorithm>

namespace porthole::sim {
namespace {

// The first packets may come in any order.
constexpr Duration kPatienceAtStart = 40ms;
constexpr Duration kAskAgain = 60ms;
// Reordering is no loss yet.
constexpr Duration kAskAfter = 5ms;
constexpr Duration kGiveUp = 3s;
constexpr Duration kPictureAgain = 1s;
constexpr Duration kReportInterval = 1s;
constexpr std::uint32_t kOwnSsrc = 1;  // libwebrtc's, where it only receives.
constexpr std::size_t kMaxNack = 200;

}  // namespace

std::int64_t VideoReceiver::extend(std::uint16_t sequence) const {
  if (!highest_) return 65'536 + sequence;
  const auto ahead = static_cast<std::int16_t>(sequence - static_cast<std::uint16_t>(*highest_));
  return *highest_ + ahead;
}

void VideoReceiver::handle_rtp(Bytes bytes, Instant now) {
  const auto packet = rtp::parse(bytes);
  if (!packet) {
    ++count_.corrupt;
    return;
  }
  const rtp::Header& header = packet->header;
  Bytes payload = packet->payload;
  std::uint16_t sequence = header.sequence;
  if (format_.rtx_ssrc != 0 && header.ssrc == format_.rtx_ssrc &&
      header.payload_type == format_.rtx_payload_type && payload.size() > 2) {
    sequence = load_u16(payload.data());
    payload = payload.subspan(2);
    ++count_.retransmitted;
  } else if (header.ssrc != format_.ssrc || header.payload_type != format_.payload_type) {
    ++count_.corrupt;
    return;
  }
  ++count_.packets;
  if (report_at_ == Instant::max()) report_at_ = now + kReportInterval;
  accept(extend(sequence), {header.timestamp, header.marker, Buffer(payload.begin(), payload.end())}, now);
  advance(now);
}

void VideoReceiver::note_gap(std::int64_t after, std::int64_t before, Instant now) {
  for (std::int64_t gap = after + 1; gap < before; ++gap) missing_[gap] = {now, now + kAskAfter};
}

void VideoReceiver::accept(std::int64_t sequence, Packet packet, Instant now) {
  if (!highest_) {
    highest_ = lowest_ = sequence;
    begin_at_ = now + kPatienceAtStart;
  }
  if (next_ && sequence < *next_) return;
  note_gap(*highest_, sequence, now);
  note_gap(sequence, lowest_, now);
  highest_ = std::max(*highest_, sequence);
  lowest_ = std::min(lowest_, sequence);
  missing_.erase(sequence);
  buffer_.emplace(sequence, std::move(packet));
}

void VideoReceiver::advance(Instant now) {
  if (!next_ && now >= begin_at_) next_ = lowest_;
  if (!next_) return;
  while (const std::size_t packets = complete_frame()) consume_frame(packets, now);
}

std::size_t VideoReceiver::complete_frame() const {
  auto at = buffer_.find(*next_);
  for (std::size_t packets = 1; at != buffer_.end(); ++packets, ++at) {
    if (at->first != *next_ + static_cast<std::int64_t>(packets) - 1) return 0;
    if (at->second.marker) return packets;
  }
  return 0;
}

void VideoReceiver::consume_frame(std::size_t packets, Instant now) {
  std::vector<Bytes> payloads;
  auto end = buffer_.find(*next_);
  const std::uint32_t timestamp = end->second.timestamp;
  bool one_timestamp = true;
  for (std::size_t i = 0; i < packets; ++i, ++end) {
    payloads.emplace_back(end->second.payload);
    one_timestamp = one_timestamp && end->second.timestamp == timestamp;
  }
  const auto frame = depacketize(format_.codec, payloads);
  const auto recognised = frame ? recognise(*frame) : std::nullopt;
  buffer_.erase(buffer_.begin(), end);
  *next_ += static_cast<std::int64_t>(packets);
  if (recognised && one_timestamp) return note_frame(*recognised, timestamp, now);
  // Before the first keyframe a frame's beginning may be what was lost.
  ++(needs_keyframe_ ? count_.undecodable : count_.corrupt);
  wants_picture_ = true;
}

void VideoReceiver::note_frame(const RecognisedFrame& frame, std::uint32_t timestamp, Instant now) {
  if (needs_keyframe_ && !frame.keyframe) {
    ++count_.undecodable;
    wants_picture_ = true;
    return;
  }
  needs_keyframe_ = wants_picture_ = false;
  if (count_.frames == 0) {
    count_.first = frame.number;
    count_.first_timestamp = timestamp;
    count_.began_with_keyframe = count_.undecodable == 0;
  } else {
    if (static_cast<std::int32_t>(timestamp - count_.last_timestamp) <= 0) ++count_.backward;
    if (frame.number <= count_.last) ++count_.corrupt;
    if (frame.number > count_.last) count_.missing += frame.number - count_.last - 1;
  }
  ++count_.frames;
  count_.last = frame.number;
  count_.last_timestamp = timestamp;
  count_.last_frame_at = now;
  if (on_frame) on_frame(frame);
}

// What did not come in time takes its frame with it, and all that refer to that.
void VideoReceiver::give_up(Instant now) {
  while (!missing_.empty() && missing_.begin()->second.since + kGiveUp <= now) {
    const std::int64_t lost = missing_.begin()->first;
    missing_.erase(missing_.begin());
    ++count_.given_up;
    if (!next_ || lost < *next_) continue;
    needs_keyframe_ = wants_picture_ = true;
    auto at = buffer_.lower_bound(lost);
    while (at != buffer_.end() && !at->second.marker) ++at;
    next_ = at == buffer_.end() ? *highest_ + 1 : at->first + 1;
    buffer_.erase(buffer_.begin(), buffer_.lower_bound(*next_));
    missing_.erase(missing_.begin(), missing_.lower_bound(*next_));
  }
}

void VideoReceiver::handle_timeout(Instant now) {
  give_up(now);
  advance(now);
}

Instant VideoReceiver::next_timeout() const {
  Instant next = report_at_;
  if (!next_) next = std::min(next, begin_at_);
  if (wants_picture_) next = std::min(next, picture_again_at_);
  for (const auto& [sequence, missing] : missing_) {
    next = std::min({next, missing.ask_at, missing.since + kGiveUp});
  }
  return next;
}

void VideoReceiver::handle_rtcp(Bytes compound, Instant now) {
  auto packets = rtcp::parse(compound);
  if (!packets) {
    ++count_.corrupt;
    return;
  }
  while (const auto packet = packets->next()) {
    if (packet->type == rtcp::kGoodbye) count_.said_bye = true;
    const auto report = packet->type == rtcp::kSenderReport ? rtcp::read_report(*packet) : std::nullopt;
    if (!report || !report->info() || report->sender() != format_.ssrc) continue;
    ++count_.sender_reports;
    last_sr_ = static_cast<std::uint32_t>(report->info()->ntp >> 16);
    last_sr_at_ = now;
  }
}

bool VideoReceiver::write_feedback(ByteWriter& writer, Instant now) {
  bool any = write_report(writer, now);
  any = write_nack(writer, now) || any;
  if (wants_picture_ && picture_again_at_ <= now) {
    rtcp::write_picture_loss(writer, kOwnSsrc, format_.ssrc);
    picture_again_at_ = now + kPictureAgain;
    ++count_.picture_losses;
    any = true;
  }
  return any;
}

bool VideoReceiver::write_report(ByteWriter& writer, Instant now) {
  if (report_at_ > now) return false;
  report_at_ = now + kReportInterval;
  rtcp::ReportBlock block;
  block.ssrc = format_.ssrc;
  block.highest_sequence = static_cast<std::uint32_t>(*highest_ - 65'536);
  block.last_sr = last_sr_;
  if (last_sr_ != 0) {
    block.delay_since_last_sr =
        static_cast<std::uint32_t>((now - last_sr_at_).count() * 65'536 / 1'000'000'000);
  }
  rtcp::write_receiver_report(writer, kOwnSsrc, std::span(&block, 1));
  return true;
}

bool VideoReceiver::write_nack(ByteWriter& writer, Instant now) {
  std::vector<std::uint16_t> lost;
  for (auto& [sequence, missing] : missing_) {
    if (missing.ask_at > now || lost.size() == kMaxNack) continue;
    missing.ask_at = now + kAskAgain;
    lost.push_back(static_cast<std::uint16_t>(sequence));
  }
  if (lost.empty()) return false;
  rtcp::write_nack(writer, kOwnSsrc, format_.ssrc, lost);
  count_.nacks += lost.size();
  return true;
}

}  // namespace porthole::sim
