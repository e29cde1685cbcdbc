#include "node/viewer_end.hpp"

namespace porthole::node {

const char* describe(ViewerEnd end) {
  switch (end) {
    case ViewerEnd::deleted:
      return "ended by the viewer";
    case ViewerEnd::left:
      return "left";
    case ViewerEnd::setup_timeout:
      return "never got through";
    case ViewerEnd::handshake_failed:
      return "DTLS handshake failed";
    case ViewerEnd::consent_lost:
      return "fell silent";
    case ViewerEnd::broke_protocol:
      return "broke the protocol";
    case ViewerEnd::shut_down:
      return "server shut down";
  }
  return "";
}

}  // namespace porthole::node
