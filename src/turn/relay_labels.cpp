#include "turn/relay_labels.hpp"

#include <algorithm>

#include "turn/limits.hpp"

namespace porthole::turn {
namespace {

// With half of all ports taken, 1 in 2^32 allocations would go on to the search.
constexpr int kRandomTries = 32;

}  // namespace

RelayLabels::RelayLabels(Random& random, std::vector<std::uint16_t> reserved_ports, PortRange range)
    : reserved_ports_(std::move(reserved_ports)), range_(range), random_(random) {}

std::optional<SocketAddress> RelayLabels::take(const IpAddress& ip, bool even_port, Instant now) {
  wake(now);
  for (int i = 0; i < kRandomTries; ++i) {
    const SocketAddress label{ip, port_at(random_.u32(), even_port)};
    if (try_take(label)) return label;
  }
  // Most are taken: look at every one, from a random start.
  const std::uint32_t start = random_.u32() % range_.size();
  for (std::uint32_t i = 0; i < range_.size(); ++i) {
    const SocketAddress label{ip, port_at(start + i, even_port)};
    if (try_take(label)) return label;
  }
  return std::nullopt;
}

void RelayLabels::release(const SocketAddress& label, Instant now) {
  if (taken_.contains(label)) resting_.push_back({now + kLabelRest, label});
  wake(now);
}

void RelayLabels::wake(Instant now) {
  while (!resting_.empty() && (resting_.front().until <= now || resting_.size() > kMaxRestingLabels)) {
    taken_.erase(resting_.front().label);
    resting_.pop_front();
  }
}

bool RelayLabels::try_take(const SocketAddress& label) {
  if (label.port < range_.first) return false;
  if (std::ranges::find(reserved_ports_, label.port) != reserved_ports_.end()) return false;
  return taken_.insert(label).second;
}

std::uint16_t RelayLabels::port_at(std::uint32_t n, bool even) const {
  const std::uint32_t port = range_.first + n % range_.size();
  return static_cast<std::uint16_t>(even ? port & ~1U : port);
}

}  // namespace porthole::turn
