// A stream of TURN or ICE-TCP gives the same frames and the same error however it is cut, and little is held
// meanwhile. The input: 2 bytes that say how to cut and, in the last bit, which of the two it is (1: TURN); 1
// for the longest frame; the stream.
#include <algorithm>
#include <string>
#include <vector>

#include "fuzz/require.hpp"
#include "wire/stream_framing.hpp"

namespace porthole::fuzz {
namespace {

struct Outcome {
  std::vector<std::string> frames;
  bool lost = false;
  bool operator==(const Outcome&) const = default;
};

void feed(wire::StreamFramer& framer, Bytes piece, std::size_t longest, Outcome& outcome) {
  while (!outcome.lost) {
    const auto frame = framer.next(piece, longest);
    outcome.lost = !frame.ok();
    require(framer.buffered() <= longest, "no more is held than the longest frame");
    if (!frame) return;
    if (!*frame) return require(piece.empty(), "what waits for more has taken everything");
    require((*frame)->size() <= longest, "no frame is longer than the caller waits for");
    outcome.frames.emplace_back(as_text(**frame));
  }
}

Outcome whole(wire::StreamFramer framer, Bytes stream, std::size_t longest) {
  Outcome outcome;
  feed(framer, stream, longest, outcome);
  return outcome;
}

Outcome cut(wire::StreamFramer framer, Bytes stream, std::size_t longest, std::uint32_t seed) {
  Outcome outcome;
  while (!stream.empty() && !outcome.lost) {
    seed = seed * 1'664'525 + 1'013'904'223;
    const std::size_t size = std::min<std::size_t>(1 + (seed >> 24) % 40, stream.size());
    const std::vector<std::uint8_t> piece(stream.begin(), stream.begin() + static_cast<std::ptrdiff_t>(size));
    feed(framer, piece, longest, outcome);
    stream = stream.subspan(size);
  }
  return outcome;
}

}  // namespace
}  // namespace porthole::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace porthole;
  ByteReader input(Bytes(data, size));
  const std::uint32_t seed = input.u16();
  const std::size_t longest = 20 + std::size_t{input.u8()} * 64;
  const wire::StreamFramer framer(seed % 2 == 1 ? wire::StreamFraming::turn
                                                : wire::StreamFraming::length_prefix);
  const bool same =
      fuzz::whole(framer, input.rest(), longest) == fuzz::cut(framer, input.rest(), longest, seed);
  fuzz::require(same, "frames and error do not depend on how the stream is cut");
  return 0;
}
