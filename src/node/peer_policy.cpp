#include "node/peer_policy.hpp"

#include <algorithm>
#include <array>

#include "turn/limits.hpp"

namespace porthole::node {
namespace {

// Where peers have half of the ports, or half of them rest, one address in 256 is among those after so many
// tries.
constexpr int kTriesForABetterOne = 8;

// Addresses that begin with these bits, and why they are no peers.
struct Reserved {
  const char* prefix;
  std::size_t bits;
  const char* why;
};

constexpr const char* kHidesIpv4 = "it stands for another address, which is to be named itself";
constexpr const char* kNobody = "it is nobody's address";
constexpr const char* kMany = "it is the address of many";

// RFC 6890 and the registries that follow it, as far as they hold for peers that somebody names.
constexpr std::array<Reserved, 13> kReserved{{
    {"0.0.0.0", 8, kNobody},
    {"224.0.0.0", 4, kMany},
    {"240.0.0.0", 4, kNobody},  // And 255.255.255.255, which is everybody's.
    {"::ffff:0.0.0.0", 96, kHidesIpv4},
    {"::ffff:0:0:0", 96, kHidesIpv4},  // RFC 2765 section 2.1.
    {"64:ff9b::", 96, kHidesIpv4},     // RFC 6052.
    {"64:ff9b:1::", 48, kHidesIpv4},   // RFC 8215.
    {"2002::", 16, kHidesIpv4},        // RFC 3056.
    {"2001::", 32, kHidesIpv4},        // RFC 4380.
    {"fec0::", 10, kNobody},           // RFC 3879.
    {"ff00::", 8, kMany},
    {"fe80::", 10, "it means nothing without an interface"},
    {"100::", 64, kNobody},  // RFC 6666.
}};

// RFC 4291 section 2.5.5.1, "::a.b.c.d"; the unspecified address and the loopback one lie there too.
constexpr Reserved kCompatible{"::", 96, kHidesIpv4};

bool is_within(const IpAddress& ip, const Reserved& range) {
  const auto prefix = IpAddress::parse(range.prefix);
  if (!prefix || prefix->family() != ip.family()) return false;
  const auto differ = [&](std::size_t byte, unsigned mask) {
    return ((ip.bytes()[byte] ^ prefix->bytes()[byte]) & mask) != 0;
  };
  for (std::size_t byte = 0; byte < range.bits / 8; ++byte) {
    if (differ(byte, 0xff)) return false;
  }
  const std::size_t rest = range.bits % 8;
  return rest == 0 || !differ(range.bits / 8, 0xff00U >> rest & 0xffU);
}

PeerRules reachable(PeerRules rules) {
  std::erase_if(rules.peers, [](const PeerRange& range) { return why_never_a_peer(range.ip) != nullptr; });
  if (!rules.relayed) rules.relayed = std::make_shared<RelayedPorts>();
  return rules;
}

}  // namespace

std::optional<PeerRange> PeerRange::parse(const std::string& text) {
  const std::size_t dash = text.find('-', std::min(text.rfind(':'), text.size()));
  const auto first = SocketAddress::parse(text.substr(0, dash));
  if (!first || first->port == 0) return std::nullopt;
  PeerRange range{first->ip, first->port, first->port};
  if (dash != std::string::npos) {
    // The port is read where every port is read: behind an address.
    const auto last = SocketAddress::parse("0.0.0.0:" + text.substr(dash + 1));
    if (!last || last->port < first->port) return std::nullopt;
    range.last_port = last->port;
  }
  return range;
}

std::string PeerRange::to_string() const {
  std::string text = SocketAddress{ip, first_port}.to_string();
  if (last_port != first_port) text += "-" + std::to_string(last_port);
  return text;
}

const char* why_never_a_peer(const IpAddress& ip) {
  if (ip.is_unspecified()) return kNobody;
  if (ip.is_loopback()) return nullptr;
  const auto found =
      std::ranges::find_if(kReserved, [&](const Reserved& range) { return is_within(ip, range); });
  if (found != kReserved.end()) return found->why;
  return is_within(ip, kCompatible) ? kCompatible.why : nullptr;
}

PeerPolicy::PeerPolicy(PeerRules rules, turn::RelayAddresses& addresses)
    : rules_(reachable(std::move(rules))), addresses_(addresses) {}

// RFC 8656 section 7.2 has IPv4 for clients that ask for no family. Where there are only IPv6 peers it would
// be of no use to them.
std::optional<IpAddress> PeerPolicy::relay_ip(const FiveTuple&, std::optional<Family> requested) const {
  const auto in = [&](Family family) -> std::optional<IpAddress> {
    const auto found = std::ranges::find(rules_.relay_ips, family, &IpAddress::family);
    return found == rules_.relay_ips.end() ? std::nullopt : std::optional(*found);
  };
  if (requested) return in(*requested);
  const auto ipv4 = in(Family::ipv4);
  return ipv4 ? ipv4 : in(Family::ipv6);
}

bool PeerPolicy::is_named(const SocketAddress& peer) const {
  return std::ranges::any_of(rules_.peers, [&](const PeerRange& range) { return range.contains(peer); });
}

bool PeerPolicy::allows(const SocketAddress& peer) const {
  return is_named(peer) && peer.port != 0 && !is_own_port(peer) && !is_relayed(peer);
}

bool PeerPolicy::is_relayed(const SocketAddress& peer) const {
  return rules_.relayed->in_use.has(peer) &&
         std::ranges::find(rules_.relay_ips, peer.ip) != rules_.relay_ips.end();
}

bool PeerPolicy::is_own_port(const SocketAddress& peer) const {
  if (peer.port != rules_.own_port) return false;
  return peer.ip.is_loopback() ||
         std::ranges::find(rules_.own_addresses, peer.ip) != rules_.own_addresses.end();
}

// An address among the peers may be one that the application is about to bind, and of one that rests peers
// may still think that somebody else has it: others are preferred to both.
bool PeerPolicy::is_better_left(const Taken& taken) const {
  const auto is = [&](const SocketAddress& address) {
    return is_named(address) || rules_.relayed->resting.has(address);
  };
  return is(taken.address) || (taken.next && is(*taken.next));
}

void PeerPolicy::give_back(const Taken& taken, Instant now) {
  addresses_.release(taken.address, now);
  if (taken.next) addresses_.release(*taken.next, now);
}

std::optional<turn::RelayAddresses::Taken> PeerPolicy::take(const IpAddress& ip, Parity parity, Instant now) {
  while (const auto rested = resting_.pop_due(now)) rules_.relayed->resting.remove(*rested);
  auto taken = addresses_.take(ip, parity, now);
  for (int i = 1; taken && i < kTriesForABetterOne && is_better_left(*taken); ++i) {
    give_back(*taken, now);
    taken = addresses_.take(ip, parity, now);
  }
  if (!taken) return std::nullopt;
  rules_.relayed->in_use.add(taken->address);
  if (taken->next) rules_.relayed->in_use.add(*taken->next);
  return taken;
}

void PeerPolicy::release(const SocketAddress& address, Instant now) {
  if (rules_.relayed->in_use.remove(address)) {
    rules_.relayed->resting.add(address);
    resting_.schedule(address, now + turn::kLabelRest);
  }
  // Only now may another worker have it.
  addresses_.release(address, now);
}

}  // namespace porthole::node
