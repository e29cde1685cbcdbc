#include "node/labels.hpp"

#include <algorithm>
#include <array>

namespace porthole::node {
namespace {

constexpr std::array kFamilies{Family::ipv4, Family::ipv6};

// Nobody's addresses (RFC 5737, RFC 3849): what is sent there by any other way than TURN to us gets nowhere.
SocketAddress synthetic_label(Family family) {
  const char* const documentation = family == Family::ipv4 ? "198.51.100.1" : "2001:db8::1";
  return {IpAddress::parse(documentation).value_or(IpAddress()), kSyntheticPort};
}

// RFC 6598, which browsers count as private.
bool is_shared(const IpAddress& ip) {
  return ip.is_v4() && ip.bytes()[0] == 100 && (ip.bytes()[1] & 0xc0) == 64;
}

bool is_of_local_use(const IpAddress& ip) {
  return ip.is_private() || ip.is_loopback() || ip.is_link_local() || is_shared(ip);
}

// Whether a client that hit one of these addresses can make use of the other: somebody on another machine
// has no use for our loopback address.
bool is_of_use(const IpAddress& address, const IpAddress& hit) {
  return !address.is_loopback() || hit.is_loopback();
}

// No browser makes a pair with an address that means nothing without its link.
bool needs_zone(const IpAddress& ip) {
  return !ip.is_v4() && ip.is_link_local();
}

void add(std::vector<SocketAddress>& addresses, const SocketAddress& address) {
  if (std::ranges::find(addresses, address) == addresses.end()) addresses.push_back(address);
}

// Best first.
std::vector<SocketAddress> all_addresses(const NodeOptions& options, const IpAddress& hit) {
  if (!options.advertised.empty()) return options.advertised;
  std::vector<SocketAddress> found;
  // The client reached this address by TCP a moment ago, so UDP has the best chance there too.
  if (!needs_zone(hit)) found.push_back({hit, options.port});
  for (const IpAddress& ip : options.addresses) {
    if (is_of_use(ip, hit)) add(found, {ip, options.port});
  }
  if (found.empty()) found.push_back({hit, options.port});
  return found;
}

// The families in turns, beginning with the one that the client came by: its network carries that one, and
// few addresses have room for both.
std::vector<SocketAddress> own_addresses(const NodeOptions& options, const FiveTuple& via) {
  const std::vector<SocketAddress> all = all_addresses(options, via.local.ip);
  std::array<std::vector<SocketAddress>, 2> families;
  for (const SocketAddress& address : all) {
    families[address.ip.family() == via.local.ip.family() ? 0 : 1].push_back(address);
  }
  std::vector<SocketAddress> mixed;
  for (std::size_t i = 0; i < all.size(); ++i) {
    for (const auto& family : families) {
      if (i < family.size() && mixed.size() < kMaxCandidates) mixed.push_back(family[i]);
    }
  }
  return mixed;
}

// A relayed pair needs a UDP candidate of its family that the browser takes.
std::vector<SocketAddress> synthetic_labels(const std::vector<SocketAddress>& ours) {
  std::vector<SocketAddress> labels;
  for (const Family family : kFamilies) {
    const auto is_of_family = [&](const SocketAddress& address) { return address.ip.family() == family; };
    const auto is_taken = [&](const SocketAddress& address) {
      return is_of_family(address) && !browsers_refuse(address);
    };
    if (std::ranges::any_of(ours, is_of_family) && std::ranges::none_of(ours, is_taken)) {
      labels.push_back(synthetic_label(family));
    }
  }
  return labels;
}

}  // namespace

bool browsers_refuse(const SocketAddress& candidate) {
  constexpr std::uint16_t kFirstOrdinaryPort = 1024;
  if (candidate.port >= kFirstOrdinaryPort) return false;
  const bool is_web = candidate.port == 80 || candidate.port == 443;
  return !is_web || is_of_local_use(candidate.ip);
}

rtc::Candidates candidates(const NodeOptions& options, const FiveTuple& via) {
  const std::vector<SocketAddress> ours = own_addresses(options, via);
  rtc::Candidates made{.udp = ours, .tcp = ours};
  for (const SocketAddress& label : synthetic_labels(ours)) made.udp.push_back(label);
  return made;
}

std::optional<IpAddress> LabelPolicy::relay_ip(const FiveTuple& client,
                                               std::optional<Family> requested) const {
  const std::vector<SocketAddress> ours = own_addresses(options_, client);
  const Family family = requested.value_or(ours.front().ip.family());
  const auto fits = [&](const SocketAddress& address) { return address.ip.family() == family; };
  // Firefox refuses loopback labels, and everybody else does as well with any other address.
  const auto ordinary = std::ranges::find_if(
      ours, [&](const SocketAddress& address) { return fits(address) && !address.ip.is_loopback(); });
  if (ordinary != ours.end()) return ordinary->ip;
  const auto any = std::ranges::find_if(ours, fits);
  return any == ours.end() ? std::nullopt : std::optional(any->ip);
}

bool LabelPolicy::is_synthetic(const SocketAddress& peer, const FiveTuple& client) const {
  if (peer.port != kSyntheticPort) return false;
  const std::vector<SocketAddress> labels = synthetic_labels(own_addresses(options_, client));
  return std::ranges::find(labels, peer) != labels.end();
}

bool LabelPolicy::allows_peer(const SocketAddress& peer, const FiveTuple& client) const {
  if (std::ranges::find(options_.advertised, peer) != options_.advertised.end()) return true;
  if (is_synthetic(peer, client)) return true;
  if (!options_.advertised.empty() || peer.port != options_.port) return false;
  return peer.ip == client.local.ip ||
         std::ranges::find(options_.addresses, peer.ip) != options_.addresses.end();
}

}  // namespace porthole::node
