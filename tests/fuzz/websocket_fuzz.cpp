// What a WebSocket's client sends gives the same messages and the same error however it is cut, and little is
// held meanwhile. The input: 2 bytes that say how to cut, the stream.
#include <algorithm>
#include <string>
#include <vector>

#include "fuzz/require.hpp"
#include "wire/websocket.hpp"

namespace porthole::fuzz {
namespace {

using wire::WebSocketClose;
using wire::WebSocketOpcode;

struct Heard {
  std::vector<std::string> messages;
  std::optional<WebSocketClose> error;
  bool operator==(const Heard&) const = default;
};

void check(const wire::WebSocketReader::Message& message) {
  const bool is_text = message.opcode == WebSocketOpcode::text;
  const bool is_control = message.opcode == WebSocketOpcode::close ||
                          message.opcode == WebSocketOpcode::ping || message.opcode == WebSocketOpcode::pong;
  require(is_text || is_control, "nothing but text and control frames is heard");
  require(message.payload.size() <= (is_text ? wire::kMaxWebSocketMessage : wire::kMaxWebSocketControl),
          "messages are bounded");
  const bool has_code = message.opcode != WebSocketOpcode::close || message.payload.size() != 1;
  require(has_code, "a close has a whole code or none");
}

void feed(wire::WebSocketReader& reader, Bytes piece, Heard& heard) {
  while (!heard.error) {
    const auto message = reader.next(piece);
    if (!message) {
      heard.error = message.error();
      return require(!reader.next(piece).ok(), "an error stays");
    }
    if (!*message) return require(piece.empty(), "what waits for more has taken everything");
    check(**message);
    heard.messages.emplace_back(as_text((*message)->payload))
        .push_back(static_cast<char>((*message)->opcode));
  }
}

Heard whole(Bytes stream) {
  wire::WebSocketReader reader;
  Heard heard;
  feed(reader, stream, heard);
  return heard;
}

Heard cut(Bytes stream, std::uint32_t seed) {
  wire::WebSocketReader reader;
  Heard heard;
  while (!stream.empty() && !heard.error) {
    seed = seed * 1'664'525 + 1'013'904'223;
    const std::size_t size = std::min<std::size_t>(1 + (seed >> 24) % 20, stream.size());
    const std::vector<std::uint8_t> piece(stream.begin(), stream.begin() + static_cast<std::ptrdiff_t>(size));
    feed(reader, piece, heard);
    stream = stream.subspan(size);
  }
  return heard;
}

}  // namespace
}  // namespace porthole::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace porthole;
  ByteReader input(Bytes(data, size));
  const std::uint32_t seed = input.u16();
  const bool same = fuzz::whole(input.rest()) == fuzz::cut(input.rest(), seed);
  fuzz::require(same, "messages and error do not depend on how the stream is cut");
  // A key is whatever a header's value may be.
  const auto accept = wire::websocket_accept(as_text(input.rest()));
  fuzz::require(!accept || accept->size() == 28, "an answer is the base64 of 20 bytes");
  return 0;
}
