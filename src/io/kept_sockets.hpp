// Bound sockets that wait, unread, for whichever worker will serve them.
#pragma once

#include <mutex>
#include <optional>
#include <unordered_map>

#include "base/address.hpp"
#include "io/sockets.hpp"

namespace porthole::io {

// Any thread.
class KeptSockets {
 public:
  void keep(const SocketAddress& address, OwnedFd fd) {
    const std::lock_guard lock(mutex_);
    kept_.emplace(address, std::move(fd));
  }
  std::optional<OwnedFd> take(const SocketAddress& address) {
    const std::lock_guard lock(mutex_);
    const auto found = kept_.extract(address);
    return found.empty() ? std::nullopt : std::optional(std::move(found.mapped()));
  }
  std::size_t size() const {
    const std::lock_guard lock(mutex_);
    return kept_.size();
  }

 private:
  mutable std::mutex mutex_;
  std::unordered_map<SocketAddress, OwnedFd> kept_;
};

}  // namespace porthole::io
