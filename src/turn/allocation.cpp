#include "turn/allocation.hpp"

#include <algorithm>

#include "turn/limits.hpp"

namespace porthole::turn {
namespace {

template <class List, class Matches>
auto find_live(List& list, Instant now, Matches matches) -> decltype(list.data()) {
  const auto found =
      std::ranges::find_if(list, [&](const auto& item) { return item.expires > now && matches(item); });
  return found == list.end() ? nullptr : &*found;
}

}  // namespace

const Permission* Allocation::permission(const IpAddress& peer, Instant now) const {
  return find_live(permissions, now, [&](const Permission& item) { return item.peer == peer; });
}

const ChannelBinding* Allocation::channel(std::uint16_t number, Instant now) const {
  return find_live(channels, now, [&](const ChannelBinding& item) { return item.number == number; });
}

const ChannelBinding* Allocation::channel_to(const SocketAddress& peer, Instant now) const {
  return find_live(channels, now, [&](const ChannelBinding& item) { return item.peer == peer; });
}

bool Allocation::permit(const IpAddress& peer, Instant now) {
  std::erase_if(permissions, [now](const Permission& item) { return item.expires <= now; });
  const Instant until = now + kPermissionLifetime;
  Permission* known = find_live(permissions, now, [&](const Permission& item) { return item.peer == peer; });
  if (known == nullptr) {
    permissions.push_back({peer, until});
    return true;
  }
  known->expires = until;
  return false;
}

bool Allocation::bind(std::uint16_t number, const SocketAddress& peer, Instant now) {
  std::erase_if(channels, [now](const ChannelBinding& item) { return item.expires <= now; });
  const Instant until = now + kChannelLifetime;
  auto* known = find_live(channels, now, [&](const ChannelBinding& item) { return item.number == number; });
  if (known == nullptr) {
    channels.push_back({number, peer, until});
    return true;
  }
  known->expires = until;
  return false;
}

}  // namespace porthole::turn
