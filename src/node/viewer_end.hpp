// Why a viewer is no longer one.
#pragma once

namespace porthole::node {

enum class ViewerEnd {
  deleted,           // By its own wish, over WHEP.
  left,              // It closed its DTLS association or its WebSocket, or said BYE.
  setup_timeout,     // It never got through: no check, or no end of the handshake.
  handshake_failed,  // Its certificate is not the one that it promised, or nothing in common.
  consent_lost,      // It stopped checking or answering: gone without a word, or cut off.
  broke_protocol,    // It said what a WebSocket client may not say.
  shut_down,         // The server ends.
};

const char* describe(ViewerEnd end);

}  // namespace porthole::node
