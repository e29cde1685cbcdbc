// ChannelData: the payload lies within the message, and what is read is what would be written.
#include <algorithm>
#include <vector>

#include "fuzz/require.hpp"
#include "wire/channel_data.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace porthole;
  using fuzz::require;
  const Bytes bytes(data, size);
  const auto message = wire::parse_channel_data(bytes);
  if (!message) return 0;
  require(wire::is_channel_number(message->channel), "only channel numbers are accepted");
  const std::size_t length = wire::kChannelHeaderSize + message->payload.size();
  require(length <= size && wire::padded(length) >= size, "nothing but padding follows the payload");
  std::vector<std::uint8_t> copy(wire::kChannelHeaderSize);
  wire::write_channel_header(copy, message->channel, static_cast<std::uint16_t>(message->payload.size()));
  copy.insert(copy.end(), message->payload.begin(), message->payload.end());
  require(std::ranges::equal(copy, bytes.first(length)), "written again it is the same");
  return 0;
}
