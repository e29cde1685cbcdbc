#include "rtc/h264.hpp"

namespace porthole::rtc::h264 {
namespace {

// What stands before the next start code, and what behind it.
struct Split {
  Bytes before;
  Bytes behind;
};

Split split_at_start_code(Bytes bytes) {
  // Every start code has a 1 that two zeros precede: memchr finds the candidates fast.
  for (std::size_t from = 2; from < bytes.size();) {
    const void* hit = std::memchr(&bytes[from], 1, bytes.size() - from);
    if (hit == nullptr) break;
    const auto at = static_cast<std::size_t>(static_cast<const std::uint8_t*>(hit) - bytes.data());
    if (bytes[at - 1] == 0 && bytes[at - 2] == 0) {
      return {bytes.first(at - 2), bytes.subspan(at + 1)};
    }
    from = at + 1;
  }
  return {bytes, {}};
}

}  // namespace

NalReader::NalReader(Bytes annex_b) : rest_(split_at_start_code(annex_b).behind) {}

std::optional<Bytes> NalReader::next() {
  while (!rest_.empty()) {
    const Split split = split_at_start_code(rest_);
    rest_ = split.behind;
    Bytes unit = split.before;
    // A unit never ends in zero (ITU-T H.264 section 7.4.1): these are trailing_zero_8bits, or the first byte
    // of a start code of four.
    while (!unit.empty() && unit.back() == 0) unit = unit.first(unit.size() - 1);
    if (!unit.empty()) return unit;
  }
  return std::nullopt;
}

bool contains_idr(Bytes annex_b) {
  NalReader reader(annex_b);
  while (const auto nal = reader.next()) {
    if (nal_type(*nal) == NalType::idr_slice) return true;
  }
  return false;
}

std::optional<std::string> profile_level_id(Bytes annex_b) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  NalReader reader(annex_b);
  while (const auto nal = reader.next()) {
    // profile_idc, constraint flags and level_idc are the three bytes behind the unit's header.
    if (nal_type(*nal) != NalType::sps || nal->size() < 4) continue;
    std::string text;
    for (const std::uint8_t byte : nal->subspan(1, 3)) {
      text += kDigits[byte >> 4];
      text += kDigits[byte & 0x0f];
    }
    return text;
  }
  return std::nullopt;
}

}  // namespace porthole::rtc::h264
