#include "node/labels.hpp"

#include <algorithm>

namespace porthole::node {
namespace {

// Whether a client that hit one of these addresses can make use of the other: somebody on another machine
// has no use for our loopback address.
bool is_of_use(const IpAddress& address, const IpAddress& hit) {
  return !address.is_loopback() || hit.is_loopback();
}

// Best first.
std::vector<SocketAddress> own_addresses(const NodeOptions& options, const FiveTuple& via) {
  std::vector<SocketAddress> found = options.advertised;
  if (found.empty()) {
    // The client reached this address by TCP a moment ago, so UDP has the best chance there too.
    found.push_back({via.local.ip, options.port});
    for (const IpAddress& ip : options.addresses) {
      if (ip != via.local.ip && is_of_use(ip, via.local.ip)) found.push_back({ip, options.port});
    }
  }
  if (found.size() > kMaxCandidates) found.resize(kMaxCandidates);
  return found;
}

}  // namespace

rtc::Candidates candidates(const NodeOptions& options, const FiveTuple& via) {
  const std::vector<SocketAddress> ours = own_addresses(options, via);
  return {.udp = ours, .tcp = ours};
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

bool LabelPolicy::allows_peer(const SocketAddress& peer, const FiveTuple& client) const {
  if (std::ranges::find(options_.advertised, peer) != options_.advertised.end()) return true;
  if (!options_.advertised.empty() || peer.port != options_.port) return false;
  return peer.ip == client.local.ip ||
         std::ranges::find(options_.addresses, peer.ip) != options_.addresses.end();
}

}  // namespace porthole::node
