// H.264 access units: NAL units are whole, in order and within the bytes.
#include "fuzz/require.hpp"
#include "rtc/h264.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace porthole;
  using fuzz::require;
  const Bytes bytes(data, size);
  bool idr = false;
  const std::uint8_t* end = data;
  rtc::h264::NalReader reader(bytes);
  while (const auto nal = reader.next()) {
    require(!nal->empty() && nal->data() >= end, "units are not empty and do not overlap");
    end = nal->data() + nal->size();
    require(end <= data + size, "units lie within the bytes");
    idr = idr || rtc::h264::nal_type(*nal) == rtc::h264::NalType::idr_slice;
  }
  require(rtc::h264::contains_idr(bytes) == idr, "an IDR picture is seen");
  const auto profile = rtc::h264::profile_level_id(bytes);
  require(!profile || profile->size() == 6, "a profile-level-id has six digits");
  return 0;
}
