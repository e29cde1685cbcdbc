// The addresses that viewers know us by: candidates of our own, and the labels of TURN's two ends.
#pragma once

#include "node/node_options.hpp"
#include "rtc/negotiation.hpp"
#include "turn/relay_policy.hpp"

namespace porthole::node {

// Our candidates for a client that came by `via`, at most kMaxCandidates of each kind.
rtc::Candidates candidates(const NodeOptions& options, const FiveTuple& via);

// Allocations reach nothing but the application itself: there is no relay here that could be open.
class LabelPolicy final : public turn::RelayPolicy {
 public:
  explicit LabelPolicy(const NodeOptions& options) : options_(options) {}

  std::optional<IpAddress> relay_ip(const FiveTuple& client, std::optional<Family> requested) const override;
  bool allows_peer(const SocketAddress& peer, const FiveTuple& client) const override;

 private:
  const NodeOptions& options_;  // Borrowed.
};

}  // namespace porthole::node
