// CreatePermission and ChannelBind: RFC 8656 sections 10 and 12.
#include <algorithm>
#include <vector>

#include "turn/request.hpp"
#include "turn/server.hpp"
#include "wire/channel_data.hpp"

namespace porthole::turn {

using stun::Attribute;
using stun::ErrorCode;

namespace {

template <class List>
std::size_t live(const List& list, Instant now) {
  return static_cast<std::size_t>(
      std::ranges::count_if(list, [now](const auto& item) { return item.expires > now; }));
}

}  // namespace

std::optional<ErrorCode> Server::refuse_peer(const Allocation& allocation, const SocketAddress& peer) const {
  if (!allocation.relayed.in(peer.ip.family())) return ErrorCode::peer_address_family_mismatch;
  if (!policy_.allows_peer(peer, allocation.client)) return ErrorCode::forbidden;
  return std::nullopt;
}

// RFC 8656 section 10.2: all of the listed peers or none.
Bytes Server::create_permission(const Request& request) {
  const auto own = own_allocation(request);
  if (!own) return refuse(request, own.error());
  Allocation& allocation = **own;

  const std::size_t count = request.message.count(Attribute::xor_peer_address);
  if (count == 0) return refuse(request, ErrorCode::bad_request);
  std::array<IpAddress, stun::kMaxAttributes> peers;
  std::size_t fresh = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const auto peer = request.message.nth_xor_address(Attribute::xor_peer_address, i);
    if (!peer) return refuse(request, ErrorCode::bad_request);
    if (const auto error = refuse_peer(allocation, *peer)) return refuse(request, *error);
    const auto before = std::span(peers).first(i);
    const bool listed_before = std::ranges::find(before, peer->ip) != before.end();
    if (!listed_before && allocation.permission(peer->ip, request.now) == nullptr) ++fresh;
    peers[i] = peer->ip;
  }
  if (live(allocation.permissions, request.now) + fresh > config_.limits.permissions_per_allocation) {
    return refuse(request, ErrorCode::insufficient_capacity);
  }

  for (const IpAddress& peer : std::span(peers).first(count)) allocation.permit(peer, request.now);
  if (fresh > 0) push_event(Event::Kind::framing_changed, allocation.id);
  stun::MessageBuilder builder = succeed(request);
  return finish(request, builder);
}

// RFC 8656 section 12.2.
Bytes Server::channel_bind(const Request& request) {
  const auto own = own_allocation(request);
  if (!own) return refuse(request, own.error());
  Allocation& allocation = **own;

  const auto number = request.message.u16_in_word(Attribute::channel_number);
  const auto peer = request.message.xor_address(Attribute::xor_peer_address);
  const std::uint16_t highest =
      request.client.is_stream() ? wire::kMaxStreamChannel : config_.max_datagram_channel;
  if (!number || !peer || *number < wire::kMinChannel || *number > highest) {
    return refuse(request, ErrorCode::bad_request);
  }
  // A number has one peer and a peer one number; the pair that there is may be renewed.
  const ChannelBinding* same_number = allocation.channel(*number, request.now);
  const ChannelBinding* same_peer = allocation.channel_to(*peer, request.now);
  if (same_number != same_peer) return refuse(request, ErrorCode::bad_request);
  if (const auto error = refuse_peer(allocation, *peer)) return refuse(request, *error);

  const bool permitted = allocation.permission(peer->ip, request.now) != nullptr;
  const bool no_channel = same_number == nullptr &&
                          live(allocation.channels, request.now) >= config_.limits.channels_per_allocation;
  const bool no_permission =
      !permitted && live(allocation.permissions, request.now) >= config_.limits.permissions_per_allocation;
  if (no_channel || no_permission) return refuse(request, ErrorCode::insufficient_capacity);

  // Binding a channel permits its peer as well, but lasts longer than that permission.
  const bool fresh_channel = allocation.bind(*number, *peer, request.now);
  const bool fresh_permission = allocation.permit(peer->ip, request.now);
  if (fresh_channel || fresh_permission) push_event(Event::Kind::framing_changed, allocation.id);
  stun::MessageBuilder builder = succeed(request);
  return finish(request, builder);
}

}  // namespace porthole::turn
