// Which peers may be reached in forward mode, and from where: the one place that is asked in both directions.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/address.hpp"
#include "base/packet.hpp"
#include "base/timer_queue.hpp"
#include "node/relayed_ports.hpp"
#include "turn/relay_addresses.hpp"
#include "turn/relay_policy.hpp"

namespace porthole::node {

// Ports of one address, both ends included.
struct PeerRange {
  IpAddress ip;
  std::uint16_t first_port = 0;
  std::uint16_t last_port = 0;

  bool contains(const SocketAddress& peer) const {
    return peer.ip == ip && peer.port >= first_port && peer.port <= last_port;
  }
  // "127.0.0.1:5000-5010" or "[::1]:5000".
  static std::optional<PeerRange> parse(const std::string& text);
  std::string to_string() const;
  bool operator==(const PeerRange&) const = default;
};

// What no peer may be, whatever an operator names. Why not, as the end of a sentence; nullptr when it may.
const char* why_never_a_peer(const IpAddress& ip);

// What a forwarder may reach.
struct PeerRules {
  std::vector<PeerRange> peers;
  // Where relayed addresses are: at most one of each family, from where the peers of that family are reached.
  std::vector<IpAddress> relay_ips;
  // The one port, and the addresses of this machine that it may be reached at.
  std::uint16_t own_port = 0;
  std::vector<IpAddress> own_addresses;
  // Of all workers of the forwarder. Null: there is but one.
  std::shared_ptr<RelayedPorts> relayed;
};

// Also keeps the relayed addresses that are in use, since those are no peers either: a packet that went round
// through two allocations would be one that nobody sent.
class PeerPolicy final : public turn::RelayPolicy, public turn::RelayAddresses {
 public:
  // `addresses` is borrowed: where the relayed addresses really come from.
  // Of the rules' peers, those that may never be any are left out.
  PeerPolicy(PeerRules rules, turn::RelayAddresses& addresses);

  std::optional<IpAddress> relay_ip(const FiveTuple& client, std::optional<Family> requested) const override;
  bool allows_peer(const SocketAddress& peer, const FiveTuple& client) const override {
    (void)client;  // All clients may reach the same.
    return allows(peer);
  }
  bool allows(const SocketAddress& peer) const;

  std::optional<Taken> take(const IpAddress& ip, Parity parity, Instant now) override;
  bool adopt(const SocketAddress& next) override { return addresses_.adopt(next); }
  void release(const SocketAddress& address, Instant now) override;

 private:
  bool is_named(const SocketAddress& peer) const;
  bool is_better_left(const Taken& taken) const;
  void give_back(const Taken& taken, Instant now);
  bool is_own_port(const SocketAddress& peer) const;
  bool is_relayed(const SocketAddress& peer) const;

  // Constant after construction.
  const PeerRules rules_;
  turn::RelayAddresses& addresses_;  // Borrowed.

  // When what was released here has rested.
  TimerQueue<SocketAddress> resting_;
};

}  // namespace porthole::node
