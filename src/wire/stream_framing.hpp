// Cuts a byte stream into messages, however it arrives: TURN over TCP or TLS into STUN and ChannelData,
// ICE-TCP into packets.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "wire/channel_data.hpp"
#include "wire/stun.hpp"

namespace porthole::wire {

// The longest frame that the two length fields can name, padding included. A framer never holds more.
constexpr std::size_t kMaxStreamFrame = stun::kMaxMessage > padded(kChannelHeaderSize + kMaxChannelPayload)
                                            ? stun::kMaxMessage
                                            : padded(kChannelHeaderSize + kMaxChannelPayload);

// RFC 4571 section 2: the length of what follows.
constexpr std::size_t kLengthPrefixSize = 2;

enum class StreamError : std::uint8_t {
  lost_framing,  // Neither STUN nor ChannelData, so where the next frame starts can no longer be known; or a
                 // frame that is longer than the caller waits for.
};

// What says how long a frame is.
enum class StreamFraming : std::uint8_t {
  turn,           // STUN's and ChannelData's own headers.
  length_prefix,  // RFC 4571, as ICE-TCP has it (RFC 6544 section 3). Any length is fine, 0 too.
};

// One for each connection. Usage, for each read from the connection:
//
//   while (true) {
//     const auto frame = framer.next(input);   // Takes what it uses off the front of `input`.
//     if (!frame) return close(connection);    // Stays in error.
//     if (!*frame) break;                      // Nothing whole is left; `input` is empty now.
//     server.handle_message(client, **frame, ...);
//   }
//
// A frame that lies whole in the input is not copied.
class StreamFramer {
 public:
  explicit StreamFramer(StreamFraming framing = StreamFraming::turn) : framing_(framing) {}

  // The next frame: a STUN message, ChannelData without its padding, or what follows a length. Borrows
  // `input` or this framer, until the next call. A frame that takes more than `max_frame` bytes of the stream
  // is an error as soon as its length is seen: nothing is collected for it.
  Result<std::optional<Bytes>, StreamError> next(Bytes& input, std::size_t max_frame = kMaxStreamFrame);

  // Bytes of a frame that has begun and not ended. Over time a connection that keeps some and sends nothing
  // is a stalled one.
  std::size_t buffered() const { return delivered_ ? 0 : partial_.size(); }

 private:
  void take(Bytes& input, std::size_t count);
  void forget_delivered();

  StreamFraming framing_;  // Constant after construction.
  std::vector<std::uint8_t> partial_;
  bool delivered_ = false;  // partial_ was handed out whole and is cleared by the next call.
  bool lost_ = false;
};

}  // namespace porthole::wire
