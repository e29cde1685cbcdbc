// The TURN servers that a WHEP answer names in its Link headers (draft-ietf-wish-whep section 4.6).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "check/target.hpp"

namespace porthole::check {

// A server names three at most.
constexpr std::size_t kMaxTurnLinks = 16;

// RFC 8489 section 14.3, and more than any password needs.
constexpr std::size_t kMaxTurnCredential = 508;

struct TurnLink {
  bool secure = false;  // turns:
  bool udp = false;     // ?transport=udp, or nothing said for turn: (RFC 7065 section 3.1).
  std::string host;
  std::uint16_t port = 0;
  std::string username;
  std::string credential;
};

// Appends what one header holds; what is no TURN server, or malformed, is left out.
void append_turn_links(std::string_view header, std::vector<TurnLink>& links);

}  // namespace porthole::check
