// H.264 access units: NAL units are those that the bytes hold, read at leisure, and within them.
#include <vector>

#include "fuzz/require.hpp"
#include "rtc/h264.hpp"

namespace porthole::fuzz {
namespace {

bool is_start_code(Bytes bytes, std::size_t at) {
  return at + 3 <= bytes.size() && bytes[at] == 0 && bytes[at + 1] == 0 && bytes[at + 2] == 1;
}

// ITU-T H.264 annex B, byte by byte: what stands between start codes, without zeros at its end.
std::vector<Bytes> units_of(Bytes bytes) {
  std::vector<Bytes> units;
  std::size_t at = 0;
  while (at < bytes.size() && !is_start_code(bytes, at)) ++at;
  while (at < bytes.size()) {
    const std::size_t begin = at + 3;
    for (at = begin; at < bytes.size() && !is_start_code(bytes, at);) ++at;
    std::size_t end = at;
    while (end > begin && bytes[end - 1] == 0) --end;
    if (end > begin) units.push_back(bytes.subspan(begin, end - begin));
  }
  return units;
}

}  // namespace
}  // namespace porthole::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace porthole;
  using fuzz::require;
  const Bytes bytes(data, size);
  bool idr = false;
  bool sps = false;
  rtc::h264::NalReader reader(bytes);
  for (const Bytes expected : fuzz::units_of(bytes)) {
    const auto nal = reader.next();
    require(nal && nal->data() == expected.data() && nal->size() == expected.size(), "every unit is read");
    idr = idr || rtc::h264::nal_type(*nal) == rtc::h264::NalType::idr_slice;
    sps = sps || (rtc::h264::nal_type(*nal) == rtc::h264::NalType::sps && nal->size() >= 4);
  }
  require(!reader.next(), "nothing but units is read");
  require(rtc::h264::contains_idr(bytes) == idr, "an IDR picture is seen");
  const auto profile = rtc::h264::profile_level_id(bytes);
  require(profile.has_value() == sps, "a parameter set has a profile");
  require(!profile || profile->size() == 6, "a profile-level-id has six digits");
  return 0;
}
