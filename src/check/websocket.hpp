// The last rung: media over a WebSocket on the page's own port.
#pragma once

#include "check/page.hpp"

namespace porthole::check {

// Opens /websocket/NAME and waits for the first binary message, which is media. `offered` becomes false where
// the server does not know that address.
struct WebSocketProof {
  Duration connect{};     // Until the first media.
  Duration round_trip{};  // Of the upgrade.
};
Result<WebSocketProof, Fault> check_websocket(const Page& page, const Deadline& deadline, bool& offered);

}  // namespace porthole::check
