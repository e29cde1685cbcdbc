#include "rtc/packetizer.hpp"

#include <algorithm>

#include "rtc/h264.hpp"

namespace porthole::rtc {
namespace {

using h264::NalType;

// RFC 6184 section 5.2.
constexpr std::uint8_t kStapA = 24;
constexpr std::uint8_t kFuA = 28;
constexpr std::size_t kStapHeader = 1;
constexpr std::size_t kStapUnitHeader = 2;
constexpr std::size_t kFuHeader = 2;
// RFC 6184 section 1.3: what the F and NRI bits of a NAL unit's first byte are.
constexpr std::uint8_t kForbiddenBit = 0x80;
constexpr std::uint8_t kImportanceBits = 0x60;

// RFC 7741 section 4.2: one byte, the extension byte, and a picture id of 15 bits.
constexpr std::size_t kVp8Descriptor = 4;
constexpr std::uint16_t kMaxPictureId = 0x7fff;

class PayloadWriter {
 public:
  PayloadWriter(const EncodedFrame& source, bool keyframe) : frame_(std::make_shared<PacketizedFrame>()) {
    frame_->codec = source.codec;
    frame_->keyframe = keyframe;
    frame_->pts = source.pts;
  }

  // What is to come, so that nothing is moved on the way.
  void reserve(std::size_t bytes, std::size_t payloads) {
    frame_->bytes.reserve(bytes);
    frame_->payloads.reserve(payloads);
  }
  void begin() { frame_->payloads.push_back({static_cast<std::uint32_t>(frame_->bytes.size()), 0}); }
  void u8(std::uint8_t value) {
    frame_->bytes.push_back(value);
    ++frame_->payloads.back().size;
  }
  void u16(std::uint16_t value) {
    u8(static_cast<std::uint8_t>(value >> 8));
    u8(static_cast<std::uint8_t>(value));
  }
  void bytes(Bytes source) {
    frame_->bytes.insert(frame_->bytes.end(), source.begin(), source.end());
    auto& size = frame_->payloads.back().size;
    size = static_cast<std::uint16_t>(size + source.size());
  }
  FramePtr finish() && { return std::move(frame_); }

 private:
  std::shared_ptr<PacketizedFrame> frame_;
};

// The size of the parts when so many bytes are cut into as few equal parts of at most `limit` as possible.
// Only the last may be shorter.
std::size_t equal_part(std::size_t bytes, std::size_t limit) {
  const std::size_t parts = (bytes + limit - 1) / limit;
  return (bytes + parts - 1) / parts;
}

// RFC 6184 section 5.8.
void write_fragments(PayloadWriter& writer, Bytes nal) {
  const auto indicator = static_cast<std::uint8_t>((nal[0] & (kForbiddenBit | kImportanceBits)) | kFuA);
  const std::uint8_t type = nal[0] & 0x1f;
  Bytes rest = nal.subspan(1);
  const std::size_t part = equal_part(rest.size(), kMaxPayload - kFuHeader);
  std::uint8_t start = 0x80;
  while (!rest.empty()) {
    const std::size_t size = std::min(part, rest.size());
    const std::uint8_t end = size == rest.size() ? 0x40 : 0;
    writer.begin();
    writer.u8(indicator);
    writer.u8(start | end | type);
    writer.bytes(rest.first(size));
    rest = rest.subspan(size);
    start = 0;
  }
}

// RFC 6184 section 5.7.1: F is set where one of the units has it, NRI is the highest of them.
void write_aggregate(PayloadWriter& writer, std::span<const Bytes> units) {
  std::uint8_t forbidden = 0;
  std::uint8_t importance = 0;
  for (const Bytes unit : units) {
    forbidden = static_cast<std::uint8_t>(forbidden | (unit[0] & kForbiddenBit));
    importance = std::max<std::uint8_t>(importance, unit[0] & kImportanceBits);
  }
  writer.begin();
  writer.u8(forbidden | importance | kStapA);
  for (const Bytes unit : units) {
    writer.u16(static_cast<std::uint16_t>(unit.size()));
    writer.bytes(unit);
  }
}

// How many of the first units fit into one aggregate; 0 when not even one does.
std::size_t fitting(std::span<const Bytes> units) {
  std::size_t size = kStapHeader;
  std::size_t count = 0;
  for (const Bytes unit : units) {
    size += kStapUnitHeader + unit.size();
    if (size > kMaxPayload) break;
    ++count;
  }
  return count;
}

void write_units(PayloadWriter& writer, std::span<const Bytes> units) {
  while (!units.empty()) {
    const std::size_t together = fitting(units);
    if (together > 1) {
      write_aggregate(writer, units.first(together));
    } else if (units[0].size() <= kMaxPayload) {
      writer.begin();
      writer.bytes(units[0]);
    } else {
      write_fragments(writer, units[0]);
    }
    units = units.subspan(std::max<std::size_t>(together, 1));
  }
}

bool is_worth_sending(NalType type) {
  switch (type) {
    case NalType::unspecified:
    case NalType::access_unit_delimiter:  // The marker bit delimits.
    case NalType::end_of_sequence:
    case NalType::end_of_stream:
    case NalType::filler:
      return false;
    default:
      return type <= NalType::last_specified;
  }
}

template <class Units>
bool has_type(const Units& units, NalType type) {
  return std::ranges::any_of(units, [type](Bytes unit) { return h264::nal_type(unit) == type; });
}

}  // namespace

void H264Packetizer::gather(Bytes annex_b) {
  units_.clear();
  h264::NalReader reader(annex_b);
  while (const auto nal = reader.next()) {
    if (is_worth_sending(h264::nal_type(*nal))) units_.push_back(*nal);
  }
}

void H264Packetizer::remember_parameter_sets() {
  for (const NalType type : {NalType::sps, NalType::pps}) {
    if (!has_type(units_, type)) continue;
    OwnedUnits& sets = type == NalType::sps ? sps_ : pps_;
    sets.clear();
    for (const Bytes unit : units_) {
      if (h264::nal_type(unit) == type) sets.emplace_back(unit.begin(), unit.end());
    }
  }
}

void H264Packetizer::put_parameter_sets_first() {
  ordered_.assign(sps_.begin(), sps_.end());
  ordered_.insert(ordered_.end(), pps_.begin(), pps_.end());
  for (const Bytes unit : units_) {
    const NalType type = h264::nal_type(unit);
    if (type != NalType::sps && type != NalType::pps) ordered_.push_back(unit);
  }
  units_.swap(ordered_);
}

FramePtr H264Packetizer::packetize(const EncodedFrame& frame) {
  if (frame.bytes.size() > kMaxFrameBytes) return nullptr;
  gather(frame.bytes);
  remember_parameter_sets();
  if (std::ranges::none_of(units_, [](Bytes unit) { return h264::is_slice(h264::nal_type(unit)); })) {
    return nullptr;
  }
  const bool keyframe = has_type(units_, NalType::idr_slice);
  if (keyframe) put_parameter_sets_first();
  std::size_t bytes = 0;
  for (const Bytes unit : units_) bytes += unit.size();
  // An aggregate adds three bytes to a unit or less, fragments two each.
  const std::size_t payloads = units_.size() + bytes / (kMaxPayload / 2);
  PayloadWriter writer(frame, keyframe);
  writer.reserve(bytes + 3 * payloads, payloads);
  write_units(writer, units_);
  return std::move(writer).finish();
}

FramePtr Vp8Packetizer::packetize(const EncodedFrame& frame) {
  if (frame.bytes.empty() || frame.bytes.size() > kMaxFrameBytes) return nullptr;
  // RFC 6386 section 9.1: the lowest bit of a frame is 0 for a keyframe.
  const bool keyframe = (frame.bytes[0] & 1) == 0;
  const std::size_t part = equal_part(frame.bytes.size(), kMaxPayload - kVp8Descriptor);
  const std::size_t payloads = (frame.bytes.size() + part - 1) / part;
  PayloadWriter writer(frame, keyframe);
  writer.reserve(frame.bytes.size() + kVp8Descriptor * payloads, payloads);
  std::uint8_t start = 0x10;  // S: the first packet of partition 0.
  for (Bytes rest = frame.bytes; !rest.empty();) {
    const std::size_t size = std::min(part, rest.size());
    writer.begin();
    writer.u8(0x80 | start);                                       // X: the extension byte follows.
    writer.u8(0x80);                                               // I: a picture id follows.
    writer.u16(static_cast<std::uint16_t>(0x8000 | picture_id_));  // M: it has 15 bits.
    writer.bytes(rest.first(size));
    rest = rest.subspan(size);
    start = 0;
  }
  picture_id_ = (picture_id_ + 1) & kMaxPictureId;
  return std::move(writer).finish();
}

}  // namespace porthole::rtc
