// The way back from RTP payloads to a frame (RFC 6184, RFC 7741), written from the receiver's side.
#pragma once

#include <optional>
#include <vector>

#include "synthetic_video.hpp"
#include "virtual_network.hpp"

namespace porthole::sim {

// The payloads of one frame in order, first to last. nullopt when they do not follow the rules.
std::optional<ReceivedFrame> depacketize(VideoCodec codec, const std::vector<Bytes>& payloads);

}  // namespace porthole::sim
