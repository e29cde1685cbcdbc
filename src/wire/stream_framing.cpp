#include "wire/stream_framing.hpp"

#include <algorithm>

namespace porthole::wire {
namespace {

// Both kinds of frame have their length in bytes 2 and 3.
constexpr std::size_t kSizeBytes = 4;

// More than browsers' messages, so that a connection that sends ordinary ones keeps one small buffer.
constexpr std::size_t kKeptCapacity = 2048;

struct FrameSize {
  std::size_t frame = 0;
  std::size_t on_the_stream = 0;  // With the padding that follows ChannelData (RFC 8656 section 12.5).
};

// What a frame's first bytes (kSizeBytes or more) say of its size; nullopt when no frame begins like that.
// The cookie is judged as soon as it is there, so that garbage is not collected for long.
std::optional<FrameSize> size_of(Bytes head) {
  const std::size_t length = load_u16(&head[2]);
  if (is_channel_number(load_u16(head.data()))) {
    return FrameSize{kChannelHeaderSize + length, padded(kChannelHeaderSize + length)};
  }
  const bool stun_bits = (head[0] & 0xc0) == 0 && length % 4 == 0;
  if (!stun_bits || (head.size() >= 8 && !stun::has_stun_header(head))) return std::nullopt;
  return FrameSize{stun::kHeaderSize + length, stun::kHeaderSize + length};
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
    std::size_t wanted = kSizeBytes;
    if (head.size() >= kSizeBytes) {
      const auto size = size_of(head);
      if (!size || size->on_the_stream > max_frame) break;
      if (head.size() >= size->on_the_stream) {
        delivered_ = !partial_.empty();
        if (!delivered_) input = input.subspan(size->on_the_stream);
        return std::optional(head.first(size->frame));
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
