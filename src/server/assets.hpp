// The files of web/, as embedded at build time.
#pragma once

#include <span>
#include <string_view>

namespace porthole::server {

struct Asset {
  std::string_view path;  // Below web/: "assets/player.js".
  std::string_view bytes;
};

std::span<const Asset> assets();

}  // namespace porthole::server
