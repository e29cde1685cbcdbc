#include "wire/stream_framing.hpp"

#include <algorithm>

namespace porthole::wire {
namespace {

// More than browsers' messages, so that a connection that sends ordinary ones keeps one small buffer.
constexpr std::size_t kKeptCapacity = 2048;

// Where the bytes of a frame are, from where it begins on the stream.
struct FrameSize {
  std::size_t from = 0;
  std::size_t to = 0;
  std::size_t on_the_stream = 0;  // With the padding that follows ChannelData (RFC 8656 section 12.5).
};

// Bytes that size_of() needs. STUN and ChannelData have their length in bytes 2 and 3.
std::size_t header_size(StreamFraming framing) {
  return framing == StreamFraming::turn ? 4 : kLengthPrefixSize;
}

// What a frame's first bytes say of its size; nullopt when no frame begins like that. The cookie is judged as
// soon as it is there, so that garbage is not collected for long.
std::optional<FrameSize> size_of_turn(Bytes head) {
  const std::size_t length = load_u16(&head[2]);
  if (is_channel_number(load_u16(head.data()))) {
    return FrameSize{0, kChannelHeaderSize + length, padded(kChannelHeaderSize + length)};
  }
  const bool stun_bits = (head[0] & 0xc0) == 0 && length % 4 == 0;
  if (!stun_bits || (head.size() >= 8 && !stun::has_stun_header(head))) return std::nullopt;
  return FrameSize{0, stun::kHeaderSize + length, stun::kHeaderSize + length};
}

std::optional<FrameSize> size_of(StreamFraming framing, Bytes head) {
  if (framing == StreamFraming::turn) return size_of_turn(head);
  const std::size_t end = kLengthPrefixSize + load_u16(head.data());
  return FrameSize{kLengthPrefixSize, end, end};
}

}  // namespace

void StreamFramer::take(Bytes& input, std::size_t count) {
  const Bytes taken = input.first(std::min(count, input.size()));
  partial_.insert(partial_.end(), taken.begin(), taken.end());
  input = input.subspan(taken.size());
}

void StreamFramer::forget_delivered() {
  if (!delivered_) return;
  delivered_ = false;
  partial_.clear();
  if (partial_.capacity() > kKeptCapacity) partial_.shrink_to_fit();
}

Result<std::optional<Bytes>, StreamError> StreamFramer::next(Bytes& input, std::size_t max_frame) {
  forget_delivered();
  while (!lost_) {
    const Bytes head = partial_.empty() ? input : Bytes(partial_);
    std::size_t wanted = header_size(framing_);
    if (head.size() >= wanted) {
      const auto size = size_of(framing_, head);
      if (!size || size->on_the_stream > max_frame) break;
      if (head.size() >= size->on_the_stream) {
        delivered_ = !partial_.empty();
        if (!delivered_) input = input.subspan(size->on_the_stream);
        return std::optional(head.first(size->to).subspan(size->from));
      }
      wanted = size->on_the_stream;
    }
    if (input.empty()) return std::optional<Bytes>();
    take(input, wanted - partial_.size());
  }
  lost_ = true;
  return fail(StreamError::lost_framing);
}

}  // namespace porthole::wire
