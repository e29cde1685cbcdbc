#include "turn/relay_labels.hpp"

#include <algorithm>

#include "turn/limits.hpp"

namespace porthole::turn {
namespace {

// With half of all ports taken, 1 in 2^32 allocations would go on to the search.
constexpr int kRandomTries = 32;
constexpr std::uint32_t kPorts = 65'536 - RelayLabels::kFirstPort;

std::uint16_t port_number(std::uint32_t n, bool even) {
  const std::uint32_t port = RelayLabels::kFirstPort + n % kPorts;
  return static_cast<std::uint16_t>(even ? port & ~1U : port);
}

}  // namespace

RelayLabels::RelayLabels(Random& random, std::vector<std::uint16_t> reserved_ports)
    : reserved_ports_(std::move(reserved_ports)), random_(random) {}

std::optional<SocketAddress> RelayLabels::take(const IpAddress& ip, bool even_port, Instant now) {
  wake(now);
  for (int i = 0; i < kRandomTries; ++i) {
    const SocketAddress label{ip, port_number(random_.u32(), even_port)};
    if (is_free(label) && taken_.insert(label).second) return label;
  }
  // Nearly all are taken: look at every one, from a random start.
  const std::uint32_t start = random_.u32() % kPorts;
  for (std::uint32_t i = 0; i < kPorts; ++i) {
    const SocketAddress label{ip, port_number(start + i, even_port)};
    if (is_free(label) && taken_.insert(label).second) return label;
  }
  return std::nullopt;
}

void RelayLabels::release(const SocketAddress& label, Instant now) {
  wake(now);
  if (taken_.contains(label)) resting_.push_back({now + kLabelRest, label});
}

void RelayLabels::wake(Instant now) {
  while (!resting_.empty() && resting_.front().until <= now) {
    taken_.erase(resting_.front().label);
    resting_.pop_front();
  }
}

bool RelayLabels::is_free(const SocketAddress& label) const {
  return std::ranges::find(reserved_ports_, label.port) == reserved_ports_.end() && !taken_.contains(label);
}

}  // namespace porthole::turn
