// A look into H.264 access units in Annex B form: NAL units, keyframes, profile and level.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.hpp"

namespace porthole::rtc::h264 {

// ITU-T H.264 table 7-1: the nal_unit_type values that matter to a packetizer.
enum class NalType : std::uint8_t {
  unspecified = 0,
  slice = 1,
  idr_slice = 5,
  sei = 6,
  sps = 7,
  pps = 8,
  access_unit_delimiter = 9,
  end_of_sequence = 10,
  end_of_stream = 11,
  filler = 12,
  last_specified = 23,  // RFC 6184 section 5.2 uses 24 to 29 for its own packets.
};

// `nal` must not be empty.
inline NalType nal_type(Bytes nal) {
  return static_cast<NalType>(nal[0] & 0x1f);
}

// Coded picture data: types 1 to 5.
inline bool is_slice(NalType type) {
  return type >= NalType::slice && type <= NalType::idr_slice;
}

// Walks through the NAL units of a byte stream (ITU-T H.264 annex B): start codes of 3 or 4 bytes, and zero
// bytes at the end of a unit belong to the stream, not to the unit. Empty units are passed over; bytes before
// the first start code are ignored. Borrows the bytes.
class NalReader {
 public:
  explicit NalReader(Bytes annex_b);

  // The next unit, never empty, without its start code; nullopt after the last.
  std::optional<Bytes> next();

 private:
  Bytes rest_;  // Begins behind a start code.
};

// Whether a decoder can start here: there is a slice of an IDR picture.
bool contains_idr(Bytes annex_b);

// The profile-level-id of RFC 6184 section 8.1 (profile_idc, constraint flags, level_idc as six lowercase hex
// digits, such as "42e01f") from the first SPS, nullopt when there is none.
std::optional<std::string> profile_level_id(Bytes annex_b);

}  // namespace porthole::rtc::h264
