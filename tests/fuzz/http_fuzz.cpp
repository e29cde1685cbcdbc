// An HTTP stream gives the same requests however it is cut, within the limits. A failure may be seen earlier
// or later: the parser does not look into a header again before all of it is there. The input: 2 bytes that
// say how to cut, the stream. 0xff in it, 2 bytes and another stand for that many of the other: so the limits
// are near, though inputs are short.
#include <algorithm>
#include <boost/beast/core/string.hpp>
#include <string>
#include <vector>

#include "fuzz/require.hpp"
#include "io/http_parser.hpp"

namespace porthole::fuzz {
namespace {

using io::HttpParser;

struct Reading {
  HttpParser parser;
  std::string seen;  // Every request that came out, as text.
  bool failed = false;

  void note(std::string_view text) { seen.append(text).push_back('\0'); }

  void take() {
    const HttpParser::Parsed parsed = parser.take();
    require(parsed.request.body.size() <= io::kMaxHttpBody, "bodies are bounded");
    require(parsed.request.path.starts_with('/'), "a path begins with a slash");
    std::size_t fields = 0;
    std::size_t hosts = 0;
    bool may_have_trailer = false;
    note(parsed.request.method);
    note(parsed.request.path);
    note(parsed.request.query);
    for (const auto& [name, value] : parsed.request.headers) {
      fields += name.size() + value.size();
      if (boost::beast::iequals(name, "host")) ++hosts;
      may_have_trailer = may_have_trailer || boost::beast::iequals(name, "transfer-encoding");
      note(name);
      note(value);
    }
    // A trailer's fields come behind those of the head.
    require(parsed.http_1_0 || hosts == 1 || (hosts > 1 && may_have_trailer), "HTTP/1.1 names one host");
    require(fields <= 2 * io::kMaxHttpHeader, "header and trailer are bounded");
    note(parsed.request.body);
    note(parsed.keep_alive ? "keep" : "close");
    note(parsed.http_1_0 ? "1.0" : "1.1");
  }

  void feed(Bytes bytes) {
    parser.feed(bytes);
    for (;;) {
      switch (parser.next()) {
        case HttpParser::Step::need_more:
          return;
        case HttpParser::Step::continue_wanted:
          note("continue");
          break;
        case HttpParser::Step::request:
          take();
          break;
        case HttpParser::Step::failed:
          failed = true;
          require(parser.failure() >= 400 && parser.failure() < 500, "a failure has a status");
          return;
      }
    }
  }
};

// Beyond a head and a body at their limits, and chunks around them.
constexpr std::size_t kMaxStream = 2 * (io::kMaxHttpHeader + io::kMaxHttpBody);

std::vector<std::uint8_t> stretched(ByteReader& input) {
  std::vector<std::uint8_t> stream;
  while (input.remaining() > 0 && stream.size() < kMaxStream) {
    const std::uint8_t byte = input.u8();
    const std::size_t count = byte == 0xff ? input.u16() : 1;
    stream.insert(stream.end(), count, byte == 0xff ? input.u8() : byte);
  }
  return stream;
}

std::string cut(Bytes stream, std::uint32_t seed) {
  Reading reading;
  // Into crumbs, or pieces; a long stream not into thousands.
  const bool crumbs = seed % 2 == 0 && stream.size() < 2048;
  const std::size_t longest = crumbs ? 2 : 60 + stream.size() / 64;
  while (!stream.empty() && !reading.failed) {
    seed = seed * 1'664'525 + 1'013'904'223;
    const std::size_t size = std::min<std::size_t>(1 + (seed >> 16) % longest, stream.size());
    reading.feed(stream.first(size));
    stream = stream.subspan(size);
  }
  return reading.seen;
}

}  // namespace
}  // namespace porthole::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace porthole;
  ByteReader input(Bytes(data, size));
  const std::uint32_t seed = input.u16();
  fuzz::Reading whole;
  const auto stream = fuzz::stretched(input);
  whole.feed(stream);
  fuzz::require(whole.seen == fuzz::cut(stream, seed), "requests do not depend on how the stream is cut");
  return 0;
}
