// The connections that take no more for now, and who waits for each.
#pragma once

#include <algorithm>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/packet.hpp"
#include "node/viewer.hpp"

namespace porthole::node {

class BlockedStreams {
 public:
  void block(ConnectionId connection) { waiting_.try_emplace(connection); }

  // Whether the viewer must wait for the connection. If so, release() will name it.
  bool holds_up(ConnectionId connection, ViewerId viewer) {
    const auto found = waiting_.find(connection);
    if (found == waiting_.end()) return false;
    if (std::ranges::find(found->second, viewer) == found->second.end()) found->second.push_back(viewer);
    return true;
  }

  // It takes bytes again, or is gone: who waited, in the order in which they came. Harmless for others.
  std::vector<ViewerId> release(ConnectionId connection) {
    const auto found = waiting_.find(connection);
    if (found == waiting_.end()) return {};
    std::vector<ViewerId> viewers = std::move(found->second);
    waiting_.erase(found);
    return viewers;
  }

  std::size_t size() const { return waiting_.size(); }

 private:
  std::unordered_map<ConnectionId, std::vector<ViewerId>> waiting_;  // Of open connections only.
};

}  // namespace porthole::node
