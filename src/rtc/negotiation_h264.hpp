// H.264's part of the negotiation (RFC 6184 section 8): for negotiation.cpp only.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "rtc/negotiation.hpp"

namespace porthole::rtc {

// Fills in the H.264 fields. False when the format is of no use: our packets need packetization-mode 1, where
// a NAL unit may be cut up.
bool read_h264_parameters(std::string_view fmtp, OfferedFormat& format);

// nullopt when no H.264 is offered.
std::optional<Choice> choose_h264(std::span<const OfferedFormat> formats, std::string_view profile_level_id);

}  // namespace porthole::rtc
