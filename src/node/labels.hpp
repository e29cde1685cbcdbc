// The addresses that viewers know us by: candidates of our own, and the labels of TURN's two ends.
#pragma once

#include "node/node_options.hpp"
#include "rtc/negotiation.hpp"
#include "turn/relay_policy.hpp"

namespace porthole::node {

// Chromium ignores candidates with ports below 1024, but for 80 and 443 on addresses that are not private.
bool browsers_refuse(const SocketAddress& candidate);

// Of the labels that stand in for UDP candidates that browsers refuse, so that TURN still leads to us.
constexpr std::uint16_t kSyntheticPort = 40'000;

// Our candidates for a client that came by `via`, those of its family first, at most kMaxCandidates of each
// kind. Where browsers refuse all UDP candidates of a family, a synthetic label of that family stands behind
// them: no packet finds the way there, but TURN clients name it as their peer.
rtc::Candidates candidates(const NodeOptions& options, const FiveTuple& via);

// Allocations reach nothing but the application itself, by whichever of its labels: there is no relay here
// that could be open.
class LabelPolicy final : public turn::RelayPolicy {
 public:
  explicit LabelPolicy(const NodeOptions& options) : options_(options) {}

  std::optional<IpAddress> relay_ip(const FiveTuple& client, std::optional<Family> requested) const override;
  bool allows_peer(const SocketAddress& peer, const FiveTuple& client) const override;

 private:
  bool is_synthetic(const SocketAddress& peer, const FiveTuple& client) const;

  const NodeOptions& options_;  // Borrowed.
};

}  // namespace porthole::node
