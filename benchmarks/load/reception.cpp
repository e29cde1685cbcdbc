#include "load/reception.hpp"

#include <algorithm>
#include <array>

#include "wire/rtcp.hpp"
#include "wire/rtp.hpp"

namespace porthole::load {
namespace {

// As Chromium does for video (RFC 4585 lets it come sooner than RFC 3550's five seconds).
constexpr Duration kReportPeriod = 1s;

// On this machine an answer takes much less; what was lost twice is asked for again a few times.
constexpr Duration kNackPeriod = 100ms;
constexpr unsigned kMaxAsked = 10;
constexpr std::size_t kMaxNack = 64;  // Sequence numbers in one.

constexpr std::size_t kMaxPacket = 2048;

// RFC 4588 section 4: the original sequence number stands before the payload.
constexpr std::size_t kOriginalSequence = 2;

}  // namespace

FeedbackTally& FeedbackTally::operator+=(const FeedbackTally& other) {
  pretended += other.pretended;
  nacked += other.nacked;
  recovered += other.recovered;
  forged += other.forged;
  sender_reports += other.sender_reports;
  return *this;
}

FeedbackTally FeedbackTally::operator-(const FeedbackTally& other) const {
  return {pretended - other.pretended, nacked - other.nacked, recovered - other.recovered,
          forged - other.forged, sender_reports - other.sender_reports};
}

Reception::Reception(const std::bitset<128>& retransmissions, const ReceptionPlan& plan,
                     std::minstd_rand& dice)
    : plan_(plan), dice_(dice), meter_(retransmissions) {}

void Reception::start(const crypto::SrtpKeys& keys, Instant now) {
  receiver_ = std::make_unique<crypto::SrtpReceiver>(keys);
  if (!plan_.feedback) return;
  sender_ = std::make_unique<crypto::SrtpSender>(keys);
  missing_.reserve(kMaxMissing);
  // Not everybody in the same moment.
  report_at_ = now + std::chrono::milliseconds(dice_() % 1000);
}

void Reception::handle_packet(Bytes packet, Arrival arrival, FrameTimes* times) {
  if (packet.size() < 2) return;
  if (rtp::is_rtcp(packet)) return handle_rtcp(packet, arrival);
  handle_rtp(packet, arrival, times);
}

void Reception::handle_rtp(Bytes packet, Arrival arrival, FrameTimes* times) {
  const auto header = read_header(packet);
  if (!header) return;
  if (receiver_ && !plan_.feedback) check_first(packet);
  const SequenceTracker* const media = meter_.media();
  const std::uint32_t before = media == nullptr ? header->sequence : media->highest();
  const bool lost = takes_for_lost(*header);
  const auto verdict = meter_.note(*header, packet.size(), arrival, lost, times);
  if (!sender_ || lost) return;
  if (meter_.is_retransmission(*header)) return note_retransmission(packet);
  if (verdict == SequenceTracker::Verdict::ahead) note_missing(before, header->sequence);
  if (verdict == SequenceTracker::Verdict::late) ++tally_.recovered;
}

// That the keys are right is worth knowing; once does.
void Reception::check_first(Bytes packet) {
  std::array<std::uint8_t, kMaxPacket> copy;
  if (packet.size() > copy.size()) return;
  std::ranges::copy(packet, copy.begin());
  if (!receiver_->unprotect_rtp(MutableBytes(copy).first(packet.size()))) ++tally_.forged;
  receiver_.reset();
}

bool Reception::takes_for_lost(const RtpHeader& header) {
  if (plan_.loss <= 0 || !sender_ || meter_.is_retransmission(header)) return false;
  const double drawn = static_cast<double>(dice_()) / static_cast<double>(std::minstd_rand::max());
  if (drawn >= plan_.loss) return false;
  ++tally_.pretended;
  return true;
}

void Reception::note_missing(std::uint32_t before, std::uint16_t sequence) {
  for (auto lost = static_cast<std::uint16_t>(before + 1); lost != sequence; ++lost) {
    if (missing_.size() == kMaxMissing) break;
    missing_.push_back({lost, 0, Instant::min()});
  }
  news_ = !missing_.empty();
}

void Reception::note_retransmission(Bytes packet) {
  std::array<std::uint8_t, kMaxPacket> copy;
  if (packet.size() > copy.size()) return;
  std::ranges::copy(packet, copy.begin());
  const auto size = receiver_->unprotect_rtp(MutableBytes(copy).first(packet.size()));
  if (!size) {
    ++tally_.forged;
    return;
  }
  const auto parsed = rtp::parse(Bytes(copy).first(*size));
  if (!parsed || parsed->payload.size() < kOriginalSequence) return;
  const std::uint16_t original = load_u16(parsed->payload.data());
  if (meter_.media() == nullptr || meter_.media()->has(original)) return;
  meter_.note_recovered(original);
  ++tally_.recovered;
}

void Reception::handle_rtcp(Bytes packet, Arrival arrival) {
  std::array<std::uint8_t, kMaxPacket> copy;
  if (!sender_ || packet.size() > copy.size()) return;
  std::ranges::copy(packet, copy.begin());
  const auto size = receiver_->unprotect_rtcp(MutableBytes(copy).first(packet.size()));
  if (!size) {
    ++tally_.forged;
    return;
  }
  auto compound = rtcp::parse(Bytes(copy).first(*size));
  if (!compound) return;
  while (const auto part = compound->next()) {
    const auto report = rtcp::read_report(*part);
    if (!report || !report->info() || report->sender() != meter_.media_ssrc()) continue;
    ++tally_.sender_reports;
    last_sr_ = static_cast<std::uint32_t>(report->info()->ntp >> 16);
    last_sr_arrival_ = arrival;
  }
}

Instant Reception::next_timeout() const {
  return std::min(report_at_, nack_at_);
}

Bytes Reception::poll_transmit(MutableBytes out, Instant now) {
  if (!sender_) return {};
  std::size_t size = 0;
  if (news_ || now >= nack_at_) size = write_nack(out, now);
  if (size == 0 && now >= report_at_) {
    report_at_ = now + kReportPeriod;
    size = write_report(out);
  }
  return size == 0 ? Bytes{} : Bytes(out).first(sender_->protect_rtcp(out, size));
}

std::size_t Reception::write_nack(MutableBytes out, Instant now) {
  news_ = false;
  const SequenceTracker* const media = meter_.media();
  std::erase_if(missing_, [&](const Missing& one) {
    return one.asked >= kMaxAsked || media == nullptr || media->has(one.sequence);
  });
  nack_at_ = missing_.empty() ? Instant::max() : now + kNackPeriod;
  std::array<std::uint16_t, kMaxNack> asked{};
  std::size_t count = 0;
  for (Missing& one : missing_) {
    if (count == kMaxNack || one.ask_at > now) continue;
    asked[count++] = one.sequence;
    one.ask_at = now + kNackPeriod;
    ++one.asked;
  }
  tally_.nacked += count;
  if (count == 0) return 0;
  ByteWriter writer(out);
  rtcp::write_nack(writer, kOwnSsrc, meter_.media_ssrc(), std::span(asked).first(count));
  return writer.ok() ? writer.size() : 0;
}

std::size_t Reception::write_report(MutableBytes out) {
  const SequenceTracker* const media = meter_.media();
  if (media == nullptr) return 0;
  rtcp::ReportBlock block;
  const std::uint64_t expected = media->expected() - reported_expected_;
  const std::uint64_t missing =
      media->missing() > reported_missing_ ? media->missing() - reported_missing_ : 0;
  reported_expected_ = media->expected();
  reported_missing_ = media->missing();
  block.ssrc = meter_.media_ssrc();
  block.fraction_lost =
      expected == 0 ? std::uint8_t{0}
                    : static_cast<std::uint8_t>(std::min<std::uint64_t>(missing * 256 / expected, 255));
  block.cumulative_lost = static_cast<std::int32_t>(media->missing());
  block.highest_sequence = media->highest();
  block.last_sr = last_sr_;
  if (last_sr_ != 0) {
    block.delay_since_last_sr =
        static_cast<std::uint32_t>((arrival_now() - last_sr_arrival_) * 65'536 / 1'000'000'000);
  }
  ByteWriter writer(out);
  rtcp::write_receiver_report(writer, kOwnSsrc, std::span(&block, 1));
  return writer.ok() ? writer.size() : 0;
}

}  // namespace porthole::load
