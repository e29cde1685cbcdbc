#include "wire/websocket.hpp"

#include <algorithm>
#include <array>

#include "crypto/hmac.hpp"

namespace porthole::wire {
namespace {

// RFC 6455 section 1.3.
constexpr std::string_view kHandshakeGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
constexpr std::size_t kKeySize = 16;

// RFC 6455 section 5.2: the bits of a frame's first two bytes, and the lengths that stand for longer ones.
constexpr std::uint8_t kLastFrame = 0x80;
constexpr std::uint8_t kReserved = 0x70;
constexpr std::uint8_t kOpcode = 0x0f;
constexpr std::uint8_t kMasked = 0x80;
constexpr std::uint8_t kLength = 0x7f;
constexpr std::uint8_t kLength16 = 126;
constexpr std::uint8_t kLength64 = 127;
constexpr std::size_t kMaskSize = 4;

// RFC 6455 section 7.4: what may be sent in a close frame, of the codes that are defined and of the ranges
// that are for others to define.
bool may_be_sent(std::uint16_t code) {
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}

// How many bytes the character takes that begins here, 0 where it is no UTF-8 (RFC 3629 section 4).
std::size_t character_size(Bytes text) {
  const auto in = [&](std::size_t at, std::uint8_t low, std::uint8_t high) {
    return at < text.size() && text[at] >= low && text[at] <= high;
  };
  const std::uint8_t first = text[0];
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first <= 0xdf) return in(1, 0x80, 0xbf) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    // Neither a longer form than needed nor half of a UTF-16 pair.
    const std::uint8_t low = first == 0xe0 ? 0xa0 : 0x80;
    const std::uint8_t high = first == 0xed ? 0x9f : 0xbf;
    return in(1, low, high) && in(2, 0x80, 0xbf) ? 3 : 0;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    const std::uint8_t low = first == 0xf0 ? 0x90 : 0x80;
    const std::uint8_t high = first == 0xf4 ? 0x8f : 0xbf;
    return in(1, low, high) && in(2, 0x80, 0xbf) && in(3, 0x80, 0xbf) ? 4 : 0;
  }
  return 0;
}

bool is_utf8(Bytes text) {
  while (!text.empty()) {
    const std::size_t size = character_size(text);
    if (size == 0) return false;
    text = text.subspan(size);
  }
  return true;
}

// Bytes of a header whose second byte is this.
std::size_t header_size(std::uint8_t second) {
  const std::uint8_t length = second & kLength;
  return 2 + (length == kLength16 ? 2 : length == kLength64 ? 8 : 0) + kMaskSize;
}

}  // namespace

std::optional<std::string> websocket_accept(std::string_view key) {
  const auto decoded = crypto::base64_decode(key);
  if (!decoded || decoded->size() != kKeySize) return std::nullopt;
  return crypto::base64(crypto::sha1({as_bytes(key), as_bytes(kHandshakeGuid)}));
}

std::vector<std::uint8_t> write_websocket_frame(WebSocketOpcode opcode, Bytes payload) {
  std::array<std::uint8_t, 10> header{};
  ByteWriter writer(header);
  writer.u8(kLastFrame | static_cast<std::uint8_t>(opcode));
  if (payload.size() < kLength16) {
    writer.u8(static_cast<std::uint8_t>(payload.size()));
  } else if (payload.size() <= 0xffff) {
    writer.u8(kLength16);
    writer.u16(static_cast<std::uint16_t>(payload.size()));
  } else {
    writer.u8(kLength64);
    writer.u64(payload.size());
  }
  std::vector<std::uint8_t> frame;
  frame.reserve(writer.size() + payload.size());
  frame.assign(writer.written().begin(), writer.written().end());
  frame.insert(frame.end(), payload.begin(), payload.end());
  return frame;
}

std::vector<std::uint8_t> write_websocket_close(WebSocketClose code) {
  std::array<std::uint8_t, 2> payload{};
  store_u16(payload.data(), static_cast<std::uint16_t>(code));
  return write_websocket_frame(WebSocketOpcode::close, payload);
}

Result<std::optional<WebSocketReader::Message>, WebSocketClose> WebSocketReader::next(Bytes& input) {
  using Outcome = std::optional<Message>;
  if (error_) return fail(*error_);
  for (;;) {
    if (!frame_) {
      const auto begun = read_header(input);
      if (!begun) return give_up(begun.error());
      if (!*begun) return Outcome();
    }
    read_payload(input);
    if (frame_->rest > 0) return Outcome();
    const Header ended = *frame_;
    frame_.reset();
    if (!ended.is_last) continue;
    const Message message =
        ended.is_control() ? Message{ended.opcode, control_} : Message{WebSocketOpcode::text, message_};
    if (!ended.is_control()) in_message_ = false;
    if (const auto wrong = check_payload(message)) return give_up(*wrong);
    return Outcome(message);
  }
}

Failure<WebSocketClose> WebSocketReader::give_up(WebSocketClose code) {
  error_ = code;
  return fail(code);
}

Result<bool, WebSocketClose> WebSocketReader::read_header(Bytes& input) {
  while (!input.empty()) {
    header_bytes_.push_back(input.front());
    input = input.subspan(1);
    if (header_bytes_.size() < 2) continue;
    if (header_bytes_.size() == 2) {
      if (const auto wrong = check(header_bytes_[0], header_bytes_[1])) return fail(*wrong);
    }
    if (header_bytes_.size() < header_size(header_bytes_[1])) continue;
    ByteReader reader(header_bytes_);
    reader.skip(1);
    std::uint64_t size = reader.u8() & kLength;
    // RFC 6455 section 5.2: in as few bytes as suffice.
    const std::uint64_t least = size == kLength16 ? kLength16 : size == kLength64 ? 0x1'0000 : 0;
    if (size == kLength16)
      size = reader.u16();
    else if (size == kLength64)
      size = reader.u64();
    if (size < least) return fail(WebSocketClose::protocol_error);
    return begin_frame(size, reader.u32());
  }
  return false;
}

std::optional<WebSocketClose> WebSocketReader::check(std::uint8_t first, std::uint8_t second) const {
  const auto opcode = static_cast<WebSocketOpcode>(first & kOpcode);
  const bool is_control = opcode >= WebSocketOpcode::close;
  // No extension was agreed on that could use reserved bits, and clients mask (section 5.1).
  if ((first & kReserved) != 0 || (second & kMasked) == 0) return WebSocketClose::protocol_error;
  switch (opcode) {
    case WebSocketOpcode::continuation:
      return in_message_ ? std::nullopt : std::optional(WebSocketClose::protocol_error);
    case WebSocketOpcode::text:
      return in_message_ ? std::optional(WebSocketClose::protocol_error) : std::nullopt;
    case WebSocketOpcode::binary:
      return WebSocketClose::unsupported_data;
    case WebSocketOpcode::close:
    case WebSocketOpcode::ping:
    case WebSocketOpcode::pong:
      break;
    default:
      return WebSocketClose::protocol_error;
  }
  // Section 5.5: control frames are short and whole.
  const bool is_fit = (first & kLastFrame) != 0 && (second & kLength) <= kMaxWebSocketControl;
  return is_control && !is_fit ? std::optional(WebSocketClose::protocol_error) : std::nullopt;
}

Result<bool, WebSocketClose> WebSocketReader::begin_frame(std::uint64_t size, std::uint32_t mask) {
  Header header;
  header.is_last = (header_bytes_[0] & kLastFrame) != 0;
  header.opcode = static_cast<WebSocketOpcode>(header_bytes_[0] & kOpcode);
  header.mask = mask;
  header_bytes_.clear();
  if (header.is_control()) {
    control_.clear();
  } else {
    if (header.opcode == WebSocketOpcode::text) message_.clear();
    in_message_ = true;
    if (size > kMaxWebSocketMessage - message_.size()) return fail(WebSocketClose::too_big);
  }
  header.rest = static_cast<std::size_t>(size);
  frame_ = header;
  return true;
}

void WebSocketReader::read_payload(Bytes& input) {
  std::vector<std::uint8_t>& payload = frame_->is_control() ? control_ : message_;
  const Bytes taken = input.first(std::min(frame_->rest, input.size()));
  input = input.subspan(taken.size());
  frame_->rest -= taken.size();
  std::array<std::uint8_t, kMaskSize> mask{};
  store_u32(mask.data(), frame_->mask);
  for (const std::uint8_t byte : taken) payload.push_back(byte ^ mask[frame_->masked++ % kMaskSize]);
}

std::optional<WebSocketClose> WebSocketReader::check_payload(const Message& message) const {
  Bytes text = message.payload;
  if (message.opcode == WebSocketOpcode::close && !text.empty()) {
    if (text.size() < 2 || !may_be_sent(load_u16(text.data()))) return WebSocketClose::protocol_error;
    text = text.subspan(2);
  }
  const bool is_text = message.opcode == WebSocketOpcode::text || message.opcode == WebSocketOpcode::close;
  return is_text && !is_utf8(text) ? std::optional(WebSocketClose::invalid_text) : std::nullopt;
}

}  // namespace porthole::wire
