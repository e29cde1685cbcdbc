#include "wire/rtcp.hpp"

#include <algorithm>

namespace porthole::rtcp {
namespace {

constexpr std::uint8_t kVersion = 2;
constexpr std::size_t kHeaderSize = 4;
constexpr std::size_t kSenderInfoSize = 20;  // RFC 3550 section 6.4.1, behind the sender's SSRC.
constexpr std::uint8_t kCnameItem = 1;       // RFC 3550 section 6.5.1.
constexpr std::size_t kMaxBlocks = 31;       // The count has five bits.

bool has_padding(Bytes packet) {
  return (packet[0] & 0x20) != 0;
}

// RFC 3550 section 6.4.1: the length field counts 32-bit words, less one.
std::size_t packet_size(Bytes packet) {
  return (std::size_t{load_u16(&packet[2])} + 1) * 4;
}

void write_packet_header(ByteWriter& writer, std::uint8_t type, std::size_t count, std::size_t body) {
  writer.u8(static_cast<std::uint8_t>((kVersion << 6) | count));
  writer.u8(type);
  writer.u16(static_cast<std::uint16_t>(body / 4));
}

void write_feedback_header(ByteWriter& writer, std::uint8_t type, std::uint8_t format, std::uint32_t sender,
                           std::uint32_t media, std::size_t control) {
  write_packet_header(writer, type, format, 8 + control);
  writer.u32(sender);
  writer.u32(media);
}

// How many of the sequence numbers behind `first` fit into its BLP, and the BLP itself.
struct Following {
  std::size_t count = 0;
  std::uint16_t bits = 0;
};

Following following(std::uint16_t first, std::span<const std::uint16_t> rest) {
  Following result;
  for (const std::uint16_t sequence : rest) {
    const auto distance = static_cast<std::uint16_t>(sequence - first - 1);
    if (distance >= 16) break;
    result.bits = static_cast<std::uint16_t>(result.bits | (1U << distance));
    ++result.count;
  }
  return result;
}

}  // namespace

Result<Compound, ParseError> parse(Bytes datagram) {
  if (datagram.size() < kHeaderSize) return fail(ParseError::too_short);
  for (Bytes rest = datagram; !rest.empty(); rest = rest.subspan(packet_size(rest))) {
    if (rest.size() < kHeaderSize) return fail(ParseError::bad_length);
    if (rest[0] >> 6 != kVersion) return fail(ParseError::wrong_version);
    const std::size_t size = packet_size(rest);
    if (size > rest.size()) return fail(ParseError::bad_length);
    if (!has_padding(rest)) continue;
    // RFC 3550 section 6.4.1: only the last packet may be padded, by a multiple of four that counts itself.
    const std::size_t padding = rest[size - 1];
    if (size != rest.size() || padding == 0 || padding % 4 != 0 || padding > size - kHeaderSize) {
      return fail(ParseError::bad_padding);
    }
  }
  return Compound(datagram);
}

std::optional<Packet> Compound::next() {
  if (rest_.empty()) return std::nullopt;
  const std::size_t size = packet_size(rest_);
  const std::size_t padding = has_padding(rest_) ? rest_[size - 1] : 0;
  Packet packet;
  packet.count = rest_[0] & 0x1f;
  packet.type = rest_[1];
  packet.body = rest_.subspan(kHeaderSize, size - kHeaderSize - padding);
  rest_ = rest_.subspan(size);
  return packet;
}

std::optional<Report> read_report(const Packet& packet) {
  if (packet.type != kSenderReport && packet.type != kReceiverReport) return std::nullopt;
  ByteReader reader(packet.body);
  Report report;
  report.sender_ = reader.u32();
  if (packet.type == kSenderReport) {
    SenderInfo info;
    info.ntp = reader.u64();
    info.rtp_timestamp = reader.u32();
    info.packets = reader.u32();
    info.octets = reader.u32();
    report.info_ = info;
  }
  report.blocks_ = reader.take(packet.count * Report::kBlockSize);
  return reader.ok() ? std::optional(report) : std::nullopt;
}

ReportBlock Report::operator[](std::size_t index) const {
  ByteReader reader(blocks_.subspan(index * kBlockSize, kBlockSize));
  ReportBlock block;
  block.ssrc = reader.u32();
  block.fraction_lost = reader.u8();
  const std::uint32_t lost = reader.u24();
  // The sign is the highest of 24 bits.
  block.cumulative_lost = static_cast<std::int32_t>(lost) - ((lost & 0x800000) != 0 ? 0x1000000 : 0);
  block.highest_sequence = reader.u32();
  block.jitter = reader.u32();
  block.last_sr = reader.u32();
  block.delay_since_last_sr = reader.u32();
  return block;
}

std::optional<Feedback> read_feedback(const Packet& packet) {
  if (packet.type != kTransportFeedback && packet.type != kPayloadFeedback) return std::nullopt;
  ByteReader reader(packet.body);
  Feedback feedback;
  feedback.sender = reader.u32();
  feedback.media = reader.u32();
  feedback.control = reader.rest();
  return reader.ok() ? std::optional(feedback) : std::nullopt;
}

void write_sender_report(ByteWriter& writer, std::uint32_t ssrc, const SenderInfo& info) {
  write_packet_header(writer, kSenderReport, 0, 4 + kSenderInfoSize);
  writer.u32(ssrc);
  writer.u64(info.ntp);
  writer.u32(info.rtp_timestamp);
  writer.u32(info.packets);
  writer.u32(info.octets);
}

void write_receiver_report(ByteWriter& writer, std::uint32_t sender, std::span<const ReportBlock> blocks) {
  blocks = blocks.first(std::min(blocks.size(), kMaxBlocks));
  write_packet_header(writer, kReceiverReport, blocks.size(), 4 + 24 * blocks.size());
  writer.u32(sender);
  for (const ReportBlock& block : blocks) {
    writer.u32(block.ssrc);
    writer.u32((std::uint32_t{block.fraction_lost} << 24) |
               (static_cast<std::uint32_t>(block.cumulative_lost) & 0xffffff));
    writer.u32(block.highest_sequence);
    writer.u32(block.jitter);
    writer.u32(block.last_sr);
    writer.u32(block.delay_since_last_sr);
  }
}

void write_source_description(ByteWriter& writer, std::uint32_t ssrc, std::string_view cname) {
  cname = cname.substr(0, kMaxCname);
  // RFC 3550 section 6.5: a list of items ends with at least one zero byte, and at a multiple of four.
  const std::size_t items = 2 + cname.size();
  const std::size_t end = 4 - items % 4;
  write_packet_header(writer, kSourceDescription, 1, 4 + items + end);
  writer.u32(ssrc);
  writer.u8(kCnameItem);
  writer.u8(static_cast<std::uint8_t>(cname.size()));
  writer.bytes(as_bytes(cname));
  writer.zeros(end);
}

void write_goodbye(ByteWriter& writer, std::uint32_t ssrc) {
  write_packet_header(writer, kGoodbye, 1, 4);
  writer.u32(ssrc);
}

void write_nack(ByteWriter& writer, std::uint32_t sender, std::uint32_t media,
                std::span<const std::uint16_t> lost) {
  std::size_t items = 0;
  for (std::size_t i = 0; i < lost.size(); ++items) i += 1 + following(lost[i], lost.subspan(i + 1)).count;
  write_feedback_header(writer, kTransportFeedback, kGenericNack, sender, media, 4 * items);
  while (!lost.empty()) {
    const auto [count, bits] = following(lost[0], lost.subspan(1));
    writer.u16(lost[0]);
    writer.u16(bits);
    lost = lost.subspan(1 + count);
  }
}

void write_picture_loss(ByteWriter& writer, std::uint32_t sender, std::uint32_t media) {
  write_feedback_header(writer, kPayloadFeedback, kPictureLossIndication, sender, media, 0);
}

void write_intra_request(ByteWriter& writer, std::uint32_t sender, std::uint32_t media,
                         std::uint8_t command_sequence) {
  // RFC 5104 section 4.3.1.2: the source is named in the entry; the media field of the header is unused.
  write_feedback_header(writer, kPayloadFeedback, kFullIntraRequest, sender, 0, 8);
  writer.u32(media);
  writer.u32(std::uint32_t{command_sequence} << 24);
}

}  // namespace porthole::rtcp
