// RTCP compounds (RFC 3550 section 6, RFC 4585, RFC 5104, RFC 5506): parsing into views, and writing.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace porthole::rtcp {

// The values of the packet type field that are of interest here; others are skipped.
constexpr std::uint8_t kSenderReport = 200;
constexpr std::uint8_t kReceiverReport = 201;
constexpr std::uint8_t kSourceDescription = 202;
constexpr std::uint8_t kGoodbye = 203;
constexpr std::uint8_t kTransportFeedback = 205;  // RFC 4585 section 6.2.
constexpr std::uint8_t kPayloadFeedback = 206;    // RFC 4585 section 6.3.

// Feedback message types, in the low five bits of the first byte.
constexpr std::uint8_t kGenericNack = 1;            // Of transport feedback, RFC 4585 section 6.2.1.
constexpr std::uint8_t kPictureLossIndication = 1;  // Of payload feedback, RFC 4585 section 6.3.1.
constexpr std::uint8_t kFullIntraRequest = 4;       // Of payload feedback, RFC 5104 section 4.3.1.

// RFC 3550 section 6.5: a CNAME item has one byte for its length.
constexpr std::size_t kMaxCname = 255;

// One packet of a compound. Borrows the datagram.
struct Packet {
  std::uint8_t type = 0;
  std::uint8_t count = 0;  // The low five bits of the first byte: a count of blocks, or a feedback type.
  Bytes body;              // What follows the 4-byte header, without padding.
};

enum class ParseError : std::uint8_t { too_short, wrong_version, bad_length, bad_padding };

// The packets of a compound whose framing was checked as a whole. Borrows the datagram.
class Compound {
 public:
  // The next packet, nullopt after the last.
  std::optional<Packet> next();

 private:
  friend Result<Compound, ParseError> parse(Bytes datagram);
  explicit Compound(Bytes rest) : rest_(rest) {}

  Bytes rest_;
};

// Accepts reduced-size compounds (RFC 5506), which need not begin with a report. One bad packet spoils the
// whole compound, as RFC 3550 appendix A.2 advises.
Result<Compound, ParseError> parse(Bytes datagram);

struct SenderInfo {
  std::uint64_t ntp = 0;  // 32 bits of seconds since 1900, 32 bits of fraction.
  std::uint32_t rtp_timestamp = 0;
  std::uint32_t packets = 0;
  std::uint32_t octets = 0;  // Of payload.
};

// RFC 3550 section 6.4.1.
struct ReportBlock {
  std::uint32_t ssrc = 0;
  std::uint8_t fraction_lost = 0;    // In 256ths, since the last report.
  std::int32_t cumulative_lost = 0;  // 24 bits, signed: duplicates can make it negative.
  std::uint32_t highest_sequence = 0;
  std::uint32_t jitter = 0;   // In timestamp units.
  std::uint32_t last_sr = 0;  // The middle 32 bits of the last sender report's NTP time; 0 for none.
  std::uint32_t delay_since_last_sr = 0;  // In 65536ths of a second.
};

// A sender or receiver report. Borrows the packet.
class Report {
 public:
  std::uint32_t sender() const { return sender_; }
  const std::optional<SenderInfo>& info() const { return info_; }
  std::size_t size() const { return blocks_.size() / kBlockSize; }
  ReportBlock operator[](std::size_t index) const;

 private:
  friend std::optional<Report> read_report(const Packet& packet);
  static constexpr std::size_t kBlockSize = 24;

  std::uint32_t sender_ = 0;
  std::optional<SenderInfo> info_;
  Bytes blocks_;
};

// nullopt when the packet is no report, or too short for the blocks that it counts.
std::optional<Report> read_report(const Packet& packet);

// RFC 4585 section 6.1: what all feedback messages begin with. Borrows the packet.
struct Feedback {
  std::uint32_t sender = 0;
  std::uint32_t media = 0;
  Bytes control;
};

// nullopt when the packet is no feedback, or too short.
std::optional<Feedback> read_feedback(const Packet& packet);

// RFC 4585 section 6.2.1: calls visit(sequence) for each packet that the NACK's control information names as
// lost: the one in PID, and those after it whose bit in BLP is set. At most 17 for 4 bytes.
template <class Visit>
void for_each_lost(Bytes control, Visit&& visit) {
  for (; control.size() >= 4; control = control.subspan(4)) {
    const std::uint16_t first = load_u16(control.data());
    visit(first);
    const std::uint16_t following = load_u16(control.data() + 2);
    for (unsigned bit = 0; bit < 16; ++bit) {
      if ((following >> bit) & 1U) visit(static_cast<std::uint16_t>(first + bit + 1));
    }
  }
}

// RFC 5104 section 4.3.1.1: calls visit(ssrc, command_sequence) for each entry of a FIR.
template <class Visit>
void for_each_intra_request(Bytes control, Visit&& visit) {
  for (; control.size() >= 8; control = control.subspan(8)) visit(load_u32(control.data()), control[4]);
}

// RFC 3550 section 6.6: calls visit(ssrc) for each source that a BYE names.
template <class Visit>
void for_each_leaving(const Packet& packet, Visit&& visit) {
  Bytes sources = packet.body;
  for (unsigned i = 0; i < packet.count && sources.size() >= 4; ++i, sources = sources.subspan(4)) {
    visit(load_u32(sources.data()));
  }
}

// Each appends one packet; together they make a compound. Lack of room shows in writer.ok().
void write_sender_report(ByteWriter& writer, std::uint32_t ssrc, const SenderInfo& info);
void write_receiver_report(ByteWriter& writer, std::uint32_t sender, std::span<const ReportBlock> blocks);
// The CNAME item alone; text beyond kMaxCname bytes is cut off.
void write_source_description(ByteWriter& writer, std::uint32_t ssrc, std::string_view cname);
void write_goodbye(ByteWriter& writer, std::uint32_t ssrc);
// `lost` in the order of sequence numbers packs best, but any order is right.
void write_nack(ByteWriter& writer, std::uint32_t sender, std::uint32_t media,
                std::span<const std::uint16_t> lost);
void write_picture_loss(ByteWriter& writer, std::uint32_t sender, std::uint32_t media);
void write_intra_request(ByteWriter& writer, std::uint32_t sender, std::uint32_t media,
                         std::uint8_t command_sequence);

}  // namespace porthole::rtcp
