// Virtual relayed transport addresses: ports that no socket has, unique among what is live.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <unordered_set>
#include <vector>

#include "base/address.hpp"
#include "base/random.hpp"
#include "base/time.hpp"

namespace porthole::turn {

class RelayLabels {
 public:
  // Browsers ignore candidates with most ports below 1024.
  static constexpr std::uint16_t kFirstPort = 1024;

  // `reserved_ports` are never handed out: the one port itself, and those of the peers' labels.
  RelayLabels(Random& random, std::vector<std::uint16_t> reserved_ports);

  // A label on `ip` that nobody has and that nobody had in the last kLabelRest; nullopt when all are taken.
  // The port is unpredictable, as that of a socket would be (RFC 8656 section 7.2).
  std::optional<SocketAddress> take(const IpAddress& ip, bool even_port, Instant now);
  void release(const SocketAddress& label, Instant now);

  std::size_t in_use() const { return taken_.size() - resting_.size(); }

 private:
  struct Resting {
    Instant until{};
    SocketAddress label;
  };

  void wake(Instant now);
  bool is_free(const SocketAddress& label) const;

  // Constant after construction.
  std::vector<std::uint16_t> reserved_ports_;
  Random& random_;  // Borrowed: outlives this.

  // Changing.
  std::unordered_set<SocketAddress> taken_;  // In use or resting.
  std::deque<Resting> resting_;              // In the order in which they wake.
};

}  // namespace porthole::turn
