#include "media/h264_bitstream.hpp"

#include <algorithm>
#include <array>

namespace porthole::media {
namespace {

constexpr std::array<std::uint8_t, 3> kStartCode{0, 0, 1};
constexpr std::array<std::uint8_t, 4> kLongStartCode{0, 0, 0, 1};

// H.264 table 7-6: 1 and 6 are B slices.
constexpr std::uint32_t kSliceTypes = 5;
constexpr std::uint32_t kSliceTypeB = 1;

// Reads the first few Exp-Golomb numbers after a NAL unit's header (H.264 section 9.1).
class BitReader {
 public:
  explicit BitReader(Bytes nal) {
    int zeros = 0;
    for (const std::uint8_t byte : nal) {
      if (size_ == bytes_.size()) break;
      if (zeros >= 2 && byte == 3) {  // H.264 section 7.3.1: emulation prevention.
        zeros = 0;
        continue;
      }
      zeros = byte == 0 ? zeros + 1 : 0;
      bytes_[size_++] = byte;
    }
  }

  std::optional<std::uint32_t> ue() {
    std::size_t zeros = 0;
    while (at_ < size_ * 8 && !bit(at_)) ++at_, ++zeros;
    if (zeros > 31 || at_ + zeros + 1 > size_ * 8) return std::nullopt;
    std::uint32_t value = 0;
    for (std::size_t i = 0; i <= zeros; ++i) value = (value << 1) | (bit(at_++) ? 1 : 0);
    return value - 1;
  }

 private:
  bool bit(std::size_t at) const { return ((bytes_[at / 8] >> (7 - at % 8)) & 1) != 0; }

  std::array<std::uint8_t, 16> bytes_{};
  std::size_t size_ = 0;
  std::size_t at_ = 0;
};

bool is_b_slice(Bytes nal) {
  BitReader bits(nal.subspan(1));
  (void)bits.ue();  // first_mb_in_slice
  const auto type = bits.ue();
  return type && *type % kSliceTypes == kSliceTypeB;
}

// The number by which slices refer to the set, first or fourth thing in it.
std::optional<std::uint32_t> set_number(Bytes nal) {
  const std::size_t before = nal_type(nal) == NalType::sps ? 4 : 1;
  return nal.size() > before ? BitReader(nal.subspan(before)).ue() : std::nullopt;
}

void append_nal(std::vector<std::uint8_t>& out, Bytes nal) {
  out.insert(out.end(), kLongStartCode.begin(), kLongStartCode.end());
  out.insert(out.end(), nal.begin(), nal.end());
}

}  // namespace

void NalReader::skip_to_start_code() {
  const auto found = std::search(rest_.begin(), rest_.end(), kStartCode.begin(), kStartCode.end());
  rest_ = rest_.subspan(static_cast<std::size_t>(found - rest_.begin()));
}

std::optional<Bytes> NalReader::next() {
  while (!rest_.empty()) {
    Bytes nal = rest_.subspan(kStartCode.size());
    rest_ = nal;
    skip_to_start_code();
    nal = nal.first(nal.size() - rest_.size());
    // Zeros at the end belong to the next start code, or are padding.
    while (!nal.empty() && nal.back() == 0) nal = nal.first(nal.size() - 1);
    if (!nal.empty()) return nal;
  }
  return std::nullopt;
}

AccessUnit inspect(Bytes annex_b) {
  AccessUnit unit;
  NalReader reader(annex_b);
  while (const auto nal = reader.next()) {
    const NalType type = nal_type(*nal);
    unit.idr |= type == NalType::idr_slice;
    unit.has_sps |= type == NalType::sps;
    unit.has_pps |= type == NalType::pps;
    unit.has_b_slice |= type == NalType::slice && is_b_slice(*nal);
  }
  return unit;
}

void ParameterSets::remember(Bytes annex_b) {
  NalReader reader(annex_b);
  while (const auto nal = reader.next()) {
    const NalType type = nal_type(*nal);
    if ((type != NalType::sps && type != NalType::pps) || nal->size() > kMaxSetSize) continue;
    const auto number = set_number(*nal);
    if (!number) continue;
    const auto known = std::ranges::find_if(
        sets_, [&](const Set& set) { return set.type == type && set.number == *number; });
    if (known != sets_.end()) {
      known->nal.assign(nal->begin(), nal->end());
    } else if (sets_.size() < kMaxSets) {
      sets_.push_back({type, *number, {nal->begin(), nal->end()}});
    }
  }
}

bool ParameterSets::complete(Bytes annex_b, const AccessUnit& unit, std::vector<std::uint8_t>& out) const {
  out.clear();
  const bool lacking = unit.idr && !(unit.has_sps && unit.has_pps);
  if (!lacking) {
    out.assign(annex_b.begin(), annex_b.end());
    return true;
  }
  NalReader reader(annex_b);
  auto nal = reader.next();
  for (; nal && nal_type(*nal) == NalType::delimiter; nal = reader.next()) append_nal(out, *nal);
  for (const NalType type : {NalType::sps, NalType::pps}) {
    if (type == NalType::sps ? unit.has_sps : unit.has_pps) continue;
    bool found = false;
    for (const Set& set : sets_) {
      if (set.type != type) continue;
      append_nal(out, set.nal);
      found = true;
    }
    if (!found) return false;
  }
  for (; nal; nal = reader.next()) append_nal(out, *nal);
  return true;
}

}  // namespace porthole::media
