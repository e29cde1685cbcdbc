// What the owner of the node is to do, or may want to know.
#pragma once

#include <string>
#include <variant>

#include "base/address.hpp"
#include "base/frame.hpp"
#include "node/viewer_end.hpp"
#include "rtc/send_stream.hpp"

namespace porthole::node {

struct KeyframeWanted {
  std::string broadcast;
  VideoCodec codec;
};
struct RenditionWanted {  // Somebody needs this codec from now on, or nobody any more.
  std::string broadcast;
  VideoCodec codec;
  bool wanted;
};
struct ViewerConnected {
  std::string broadcast;
  SocketAddress remote;
  const char* path;  // "direct UDP", …
  Duration joined_in;
};
struct ViewerGone {
  std::string broadcast;
  ViewerEnd reason;
  rtc::SendStats stats;
};
using Event = std::variant<KeyframeWanted, RenditionWanted, ViewerConnected, ViewerGone>;

}  // namespace porthole::node
