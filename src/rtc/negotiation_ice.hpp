// What answers and fragments share, ICE above all: for the negotiation's own files only.
#pragma once

#include <string>
#include <string_view>

#include "rtc/negotiation.hpp"

namespace porthole::rtc {

constexpr std::string_view kPlayoutDelayUri = "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay";

// RFC 8839 section 5.4: 4 to 256 and 22 to 256 characters out of ice-char.
bool are_ice_credentials(const IceCredentials& ice);

// The mids of the m-lines that an answer accepts, "0 1". Only for an offer that is bundled.
std::string bundle(const Offer& offer);

// "a=ice-ufrag", "a=ice-pwd".
void append_ice_credentials(std::string& sdp, const IceCredentials& ice);

// "a=candidate" for each, and "a=end-of-candidates".
void append_candidates(std::string& sdp, const Candidates& candidates);

}  // namespace porthole::rtc
