// What first bytes mean is decided once: more bytes never change it, and 12 suffice.
#include "fuzz/require.hpp"
#include "wire/first_bytes.hpp"
#include "wire/stun.hpp"

namespace porthole::fuzz {
namespace {

void check_stream(Bytes bytes) {
  using wire::StreamKind;
  StreamKind before = StreamKind::need_more;
  for (std::size_t size = 0; size <= bytes.size(); ++size) {
    const StreamKind kind = wire::classify_stream(bytes.first(size));
    require(before == StreamKind::need_more || kind == before, "a stream does not change its kind");
    require(size < wire::kStreamKindBytes || kind != StreamKind::need_more, "12 bytes are enough");
    before = kind;
  }
}

void check_datagram(Bytes bytes) {
  using wire::DatagramKind;
  const DatagramKind kind = wire::classify_datagram(bytes);
  if (bytes.empty()) return require(kind == DatagramKind::unknown, "nothing is nothing");
  const std::uint8_t first = bytes[0];
  require((kind == DatagramKind::dtls) == (first >= 20 && first <= 63), "DTLS is 20 to 63");
  require((kind == DatagramKind::channel_data) == (first >= 64 && first <= 79), "ChannelData is 64 to 79");
  require((kind == DatagramKind::srtp) == (first >= 128 && first <= 191), "SRTP is 128 to 191");
  require(kind != DatagramKind::stun || (first <= 3 && stun::has_stun_header(bytes)), "STUN has its cookie");
  require(!stun::parse(bytes) || first > 3 || kind == DatagramKind::stun, "what parses as STUN is STUN");
}

}  // namespace
}  // namespace porthole::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  porthole::fuzz::check_stream({data, size});
  porthole::fuzz::check_datagram({data, size});
  return 0;
}
