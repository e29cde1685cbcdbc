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
#include "turn/relay_addresses.hpp"

namespace porthole::turn {

struct PortRange {
  std::uint16_t first = 1024;  // Browsers ignore candidates with most ports below.
  std::uint16_t last = 65'535;

  std::uint32_t size() const { return last - std::uint32_t{first} + 1; }
};

class RelayLabels final : public RelayAddresses {
 public:
  // `reserved_ports` are never handed out: the one port itself, and those of the peers' labels.
  RelayLabels(Random& random, std::vector<std::uint16_t> reserved_ports, PortRange range = {});

  // A label on `ip` that nobody has, and nobody had in the last kLabelRest unless more than kMaxRestingLabels
  // were freed since; nullopt when all are taken.
  // The port is unpredictable, as that of a socket would be (RFC 8656 section 7.2).
  std::optional<Taken> take(const IpAddress& ip, Parity parity, Instant now) override;
  // It is a number as any other.
  bool adopt(const SocketAddress&) override { return true; }
  void release(const SocketAddress& label, Instant now) override;

  std::size_t in_use() const { return taken_.size() - resting_.size(); }

 private:
  struct Resting {
    Instant until{};
    SocketAddress label;
  };

  void wake(Instant now);
  bool is_free(const SocketAddress& label) const;
  std::optional<Taken> try_take(const SocketAddress& label, Parity parity);
  // Wraps around, so that counting up from anywhere visits every port.
  std::uint16_t port_at(std::uint32_t n, bool even) const;

  // Constant after construction.
  std::vector<std::uint16_t> reserved_ports_;
  PortRange range_;
  Random& random_;  // Borrowed: outlives this.

  // Changing.
  std::unordered_set<SocketAddress> taken_;  // In use or resting.
  std::deque<Resting> resting_;              // In the order in which they wake.
};

}  // namespace porthole::turn
