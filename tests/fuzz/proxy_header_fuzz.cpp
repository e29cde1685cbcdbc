// A PROXY header is whole or it is not: what follows changes nothing, and it is never longer than its limits.
#include "fuzz/require.hpp"
#include "wire/first_bytes.hpp"
#include "wire/proxy_header.hpp"

namespace porthole::fuzz {
namespace {

constexpr std::size_t kMost = wire::kProxyHeaderSize + wire::kMaxProxyPayload;

enum class Verdict { more, bad, whole };

Verdict verdict(Bytes bytes) {
  const auto header = wire::parse_proxy_header(bytes);
  if (!header) return Verdict::bad;
  return *header ? Verdict::whole : Verdict::more;
}

void check(Bytes bytes) {
  const Verdict all = verdict(bytes);
  require(all != Verdict::more || bytes.size() < kMost, "it is whole or wrong within its limits");
  if (all != Verdict::whole) return;
  const auto header = **wire::parse_proxy_header(bytes);
  require(header.size >= wire::kProxyHeaderSize - 1 && header.size <= bytes.size(),
          "it lies within the stream");
  const auto alone = wire::parse_proxy_header(bytes.first(header.size));
  require(alone && *alone && (*alone)->source == header.source, "what follows it changes nothing");
  require(verdict(bytes.first(header.size - 1)) == Verdict::more, "until its last byte it is not whole");
  const bool mapped = header.source && header.source->ip != header.source->ip.unmapped();
  require(!mapped, "an IPv4-mapped address is IPv4");
}

}  // namespace
}  // namespace porthole::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace porthole;
  if (wire::classify_stream({data, size}) == wire::StreamKind::proxy) fuzz::check({data, size});
  return 0;
}
