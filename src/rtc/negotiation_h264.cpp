#include "rtc/negotiation_h264.hpp"

#include <array>
#include <charconv>

#include "wire/sdp.hpp"

namespace porthole::rtc {
namespace {

// RFC 6184 section 8.1: what a missing profile-level-id means, Baseline at level 1.
constexpr std::uint32_t kDefaultProfileLevelId = 0x42000A;
constexpr std::uint32_t kConstrainedBaseline = 0x42E01F;

// Each holds nearly all coding tools of the ones before.
enum class Profile : std::uint8_t { constrained_baseline, baseline, main, constrained_high, high, other };

// RFC 6184 section 8.1, table 5: profile_idc and the constraint_set flags behind it (set0 is 0x80) together
// make the profile, and the same profile has several spellings.
Profile profile_of(std::uint32_t profile_level_id) {
  const std::uint32_t idc = profile_level_id >> 16;
  const std::uint32_t constraints = (profile_level_id >> 8) & 0xFF;
  const bool set0 = (constraints & 0x80) != 0;
  const bool set1 = (constraints & 0x40) != 0;
  switch (idc) {
    case 0x42:
      return set1 ? Profile::constrained_baseline : Profile::baseline;
    case 0x4D:
      return set0 ? Profile::constrained_baseline : Profile::main;
    case 0x58:
      if (!set0) return Profile::other;
      return set1 ? Profile::constrained_baseline : Profile::baseline;
    case 0x64:
      return (constraints & 0x0C) == 0x0C ? Profile::constrained_high : Profile::high;
    default:
      return Profile::other;
  }
}

std::optional<std::uint32_t> parse_profile_level_id(std::string_view text) {
  std::uint32_t value = 0;
  const char* const end = text.data() + text.size();
  if (text.size() != 6) return std::nullopt;
  const auto [stopped, error] = std::from_chars(text.data(), end, value, 16);
  if (error != std::errc() || stopped != end) return std::nullopt;
  return value;
}

std::string to_hex(std::uint32_t profile_level_id) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (int shift = 20; shift >= 0; shift -= 4) text += kDigits[(profile_level_id >> shift) & 15];
  return text;
}

// How far the offered profile is from the source's; 0 is the same. A decoder of a richer profile plays a
// poorer one, so any richer one comes before any poorer one.
unsigned int distance(std::uint32_t offered, std::uint32_t source) {
  const auto have = static_cast<unsigned int>(profile_of(offered));
  const auto want = static_cast<unsigned int>(profile_of(source));
  constexpr unsigned int kPoorer = 10;
  if (have == want) return have == static_cast<unsigned int>(Profile::other) && offered >> 16 != source >> 16;
  return have > want ? have - want : kPoorer + want - have;
}

}  // namespace

bool read_h264_parameters(std::string_view fmtp, OfferedFormat& format) {
  if (sdp::fmtp_parameter(fmtp, "packetization-mode") != "1") return false;
  const auto profile = sdp::fmtp_parameter(fmtp, "profile-level-id");
  const auto parsed = profile ? parse_profile_level_id(*profile) : kDefaultProfileLevelId;
  if (!parsed) return false;
  format.profile_level_id = *parsed;
  format.level_asymmetry_allowed = sdp::fmtp_parameter(fmtp, "level-asymmetry-allowed") == "1";
  return true;
}

std::optional<Choice> choose_h264(std::span<const OfferedFormat> formats, std::string_view profile_level_id) {
  const std::uint32_t source = parse_profile_level_id(profile_level_id).value_or(kConstrainedBaseline);
  const OfferedFormat* best = nullptr;
  for (const OfferedFormat& format : formats) {
    if (format.codec != VideoCodec::h264) continue;
    if (best == nullptr ||
        distance(format.profile_level_id, source) < distance(best->profile_level_id, source)) {
      best = &format;
    }
  }
  if (best == nullptr) return std::nullopt;
  // RFC 6184 section 8.2.2: the answer keeps the offered profile, but may have a level of its own where the
  // offer allows it: the stream's.
  std::uint32_t answered = best->profile_level_id;
  if (best->level_asymmetry_allowed && distance(answered, source) == 0) {
    answered = (answered & 0xFFFF00) | (source & 0xFF);
  }
  return Choice{.format = *best, .profile_level_id = to_hex(answered)};
}

}  // namespace porthole::rtc
