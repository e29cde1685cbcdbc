// WebSocket (RFC 6455) as this server speaks it: video out, and a client's few words in.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace porthole::wire {

// RFC 6455 section 4.2.2: the value of Sec-WebSocket-Accept for the client's Sec-WebSocket-Key; nullopt where
// that is not the base64 of 16 bytes.
std::optional<std::string> websocket_accept(std::string_view key);

// RFC 6455 section 5.2.
enum class WebSocketOpcode : std::uint8_t {
  continuation = 0,
  text = 1,
  binary = 2,
  close = 8,
  ping = 9,
  pong = 10,
};

// RFC 6455 section 7.4.1.
enum class WebSocketClose : std::uint16_t {
  normal = 1000,
  going_away = 1001,
  protocol_error = 1002,
  unsupported_data = 1003,
  invalid_text = 1007,
  too_big = 1009,
};

// RFC 6455 section 5.5.
constexpr std::size_t kMaxWebSocketControl = 125;
// All that a client may say at once, over all frames of a message. There is little that it could want to say.
constexpr std::size_t kMaxWebSocketMessage = 1024;

// One whole unmasked frame, as servers send them. A control frame's payload is at most kMaxWebSocketControl.
std::vector<std::uint8_t> write_websocket_frame(WebSocketOpcode opcode, Bytes payload);
std::vector<std::uint8_t> write_websocket_close(WebSocketClose code);

// Cuts what a client sends into messages, however it arrives. One for each connection:
//
//   while (true) {
//     const auto message = reader.next(input);     // Takes what it uses off the front of `input`.
//     if (!message) return close(message.error());  // Stays in error.
//     if (!*message) break;                         // Nothing whole is left; `input` is empty now.
//   }
class WebSocketReader {
 public:
  struct Message {
    WebSocketOpcode opcode = WebSocketOpcode::text;  // text, close, ping or pong.
    Bytes payload;                                   // Until the next call.
  };
  // The error is the code to close with.
  Result<std::optional<Message>, WebSocketClose> next(Bytes& input);

 private:
  struct Header {
    bool is_last = false;
    WebSocketOpcode opcode = WebSocketOpcode::text;
    std::size_t rest = 0;  // Bytes of payload that have not come yet.
    std::uint32_t mask = 0;
    std::size_t masked = 0;  // Bytes that have been unmasked.

    bool is_control() const { return opcode >= WebSocketOpcode::close; }
  };

  Failure<WebSocketClose> give_up(WebSocketClose code);
  // Collects the header's bytes until they are whole; then checks them.
  Result<bool, WebSocketClose> read_header(Bytes& input);
  std::optional<WebSocketClose> check(std::uint8_t first, std::uint8_t second) const;
  Result<bool, WebSocketClose> begin_frame(std::uint64_t size, std::uint32_t mask);
  void read_payload(Bytes& input);
  std::optional<WebSocketClose> check_payload(const Message& message) const;

  std::vector<std::uint8_t> header_bytes_;
  std::optional<Header> frame_;
  std::vector<std::uint8_t> control_;
  std::vector<std::uint8_t> message_;
  bool in_message_ = false;  // Frames of a text are to follow.
  std::optional<WebSocketClose> error_;
};

}  // namespace porthole::wire
