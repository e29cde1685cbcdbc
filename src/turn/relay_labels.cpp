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

std::optional<RelayAddresses::Taken> RelayLabels::take(const IpAddress& ip, Parity parity, Instant now) {
  wake(now);
  const bool even = parity != Parity::any;
  for (int i = 0; i < kRandomTries; ++i) {
    if (const auto taken = try_take({ip, port_at(random_.u32(), even)}, parity)) return taken;
  }
  // Most are taken: look at every one, from a random start.
  const std::uint32_t start = random_.u32() % range_.size();
  for (std::uint32_t i = 0; i < range_.size(); ++i) {
    if (const auto taken = try_take({ip, port_at(start + i, even)}, parity)) return taken;
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

bool RelayLabels::is_free(const SocketAddress& label) const {
  return label.port >= range_.first && label.port <= range_.last && !taken_.contains(label) &&
         std::ranges::find(reserved_ports_, label.port) == reserved_ports_.end();
}

std::optional<RelayAddresses::Taken> RelayLabels::try_take(const SocketAddress& label, Parity parity) {
  if (!is_free(label)) return std::nullopt;
  Taken taken{label, {}};
  if (parity == Parity::even_and_next) {
    // An even port is never the last one that there is.
    const SocketAddress next{label.ip, static_cast<std::uint16_t>(label.port + 1)};
    if (!is_free(next)) return std::nullopt;
    taken_.insert(next);
    taken.next = next;
  }
  taken_.insert(label);
  return taken;
}

std::uint16_t RelayLabels::port_at(std::uint32_t n, bool even) const {
  const std::uint32_t port = range_.first + n % range_.size();
  return static_cast<std::uint16_t>(even ? port & ~1U : port);
}

}  // namespace porthole::turn
