// What a node is told once, at construction.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/address.hpp"
#include "base/time.hpp"
#include "node/audience.hpp"
#include "node/worker_id.hpp"
#include "turn/commons.hpp"
#include "turn/limits.hpp"

namespace porthole::node {

// A viewer joins within its page's lifetime and TURN clients keep using what they got for Refresh: a day
// covers a working day of watching, and a leaked credential is worthless tomorrow.
constexpr Duration kCredentialLifetime = 24h;

// Browsers pair every candidate with every other one, 48 ms apart: few candidates are quick candidates.
constexpr std::size_t kMaxCandidates = 4;

// Longer than a usual retransmission on the way takes, and shorter than what a viewer takes for a delay.
constexpr Duration kMaxStreamDelay = 500ms;

struct NodeOptions {
  // The one port, as bound here.
  std::uint16_t port = 0;

  // What viewers are told to connect to, best first, as the operator wishes it. Empty: the address that the
  // viewer's request arrived at, then `addresses`.
  std::vector<SocketAddress> advertised;

  // This machine's own addresses, best first, loopback last.
  std::vector<IpAddress> addresses;

  std::string realm = "porthole";
  // At least one. The first signs, all verify.
  std::vector<std::string> secrets;

  // Whether TLS shows the operator's own certificate, which browsers trust.
  bool has_certificate = false;

  std::size_t max_viewers = 1000;

  // Where the node is one of several workers of a server: which one, and what counts their viewers together.
  WorkerPosition position;
  std::shared_ptr<Audience> audience;  // Null: the node has one of its own.

  // How long a frame may wait for a viewer that comes over TCP before it is dropped, and with it all up to
  // the next keyframe.
  Duration max_delay = kMaxStreamDelay;

  turn::Limits turn_limits;
  // Without reservations: a label that one worker has reserved means nothing to another, and browsers reserve
  // none. Who comes for one from another address may get a 508, as if its time were over.
  turn::Commons turn_commons;
};

}  // namespace porthole::node
