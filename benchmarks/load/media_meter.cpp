#include "load/media_meter.hpp"

namespace porthole::load {
namespace {

constexpr std::size_t kRtpHeaderSize = 12;

bool is_after(std::uint32_t a, std::uint32_t b) {
  return a != b && a - b < 0x8000'0000U;
}

}  // namespace

Delivery& Delivery::operator+=(const Delivery& other) {
  packets += other.packets;
  bytes += other.bytes;
  frames += other.frames;
  retransmissions += other.retransmissions;
  duplicates += other.duplicates;
  reordered += other.reordered;
  expected += other.expected;
  missing += other.missing;
  return *this;
}

// What was missing before and has come since makes `missing` smaller than it was: no loss then.
Delivery Delivery::operator-(const Delivery& other) const {
  Delivery difference;
  difference.packets = packets - other.packets;
  difference.bytes = bytes - other.bytes;
  difference.frames = frames - other.frames;
  difference.retransmissions = retransmissions - other.retransmissions;
  difference.duplicates = duplicates - other.duplicates;
  difference.reordered = reordered - other.reordered;
  difference.expected = expected - other.expected;
  difference.missing = missing > other.missing ? missing - other.missing : 0;
  return difference;
}

std::optional<RtpHeader> read_header(Bytes packet) {
  if (packet.size() < kRtpHeaderSize) return std::nullopt;
  RtpHeader header;
  header.marker = (packet[1] & 0x80U) != 0;
  header.payload_type = packet[1] & 0x7FU;
  header.sequence = load_u16(packet.data() + 2);
  header.timestamp = load_u32(packet.data() + 4);
  header.ssrc = load_u32(packet.data() + 8);
  return header;
}

SequenceTracker::Verdict MediaMeter::note(const RtpHeader& header, std::size_t size, Arrival arrival,
                                          bool lost, FrameTimes* times) {
  ++counts_.packets;
  counts_.bytes += size;
  const bool retransmission = is_retransmission(header);
  if (retransmission) ++counts_.retransmissions;
  if (!retransmission) note_frame(header, arrival, times);
  if (lost) return SequenceTracker::Verdict::duplicate;
  const SequenceTracker::Verdict verdict = tracker_of(header).note(header.sequence);
  if (verdict == SequenceTracker::Verdict::duplicate) ++counts_.duplicates;
  if (verdict == SequenceTracker::Verdict::late) ++counts_.reordered;
  return verdict;
}

void MediaMeter::note_recovered(std::uint16_t sequence) {
  for (Source& source : sources_) {
    if (source.ssrc == media_ssrc_) source.tracker.note(sequence);
  }
}

void MediaMeter::note_frame(const RtpHeader& header, Arrival arrival, FrameTimes* times) {
  if (frame_begun_ == 0 || is_after(header.timestamp, begun_timestamp_)) {
    frame_begun_ = arrival;
    begun_timestamp_ = header.timestamp;
  }
  if (!header.marker || (last_frame_ && !is_after(header.timestamp, last_timestamp_))) return;
  ++counts_.frames;
  if (last_frame_ && times != nullptr) {
    times->gaps.add(Duration(arrival - *last_frame_));
    times->spreads.add(Duration(arrival - frame_begun_));
  }
  last_frame_ = arrival;
  last_timestamp_ = header.timestamp;
}

SequenceTracker& MediaMeter::tracker_of(const RtpHeader& header) {
  for (Source& source : sources_) {
    if (source.ssrc == header.ssrc) return source.tracker;
  }
  const bool retransmission = is_retransmission(header);
  if (!retransmission) media_ssrc_ = header.ssrc;
  return sources_.emplace_back(Source{header.ssrc, retransmission, {}}).tracker;
}

const SequenceTracker* MediaMeter::media() const {
  for (const Source& source : sources_) {
    if (source.ssrc == media_ssrc_ && !source.retransmission) return &source.tracker;
  }
  return nullptr;
}

Delivery MediaMeter::delivery() const {
  Delivery delivery = counts_;
  for (const Source& source : sources_) {
    delivery.expected += source.tracker.expected();
    delivery.missing += source.tracker.missing();
  }
  return delivery;
}

}  // namespace porthole::load
