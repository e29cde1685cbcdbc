// Relayed addresses whose every taking and giving back is watched.
#pragma once

#include <set>

#include "fuzz/require.hpp"
#include "support/seeded_random.hpp"
#include "turn/relay_labels.hpp"

namespace porthole::fuzz {

class CountedLabels final : public turn::RelayAddresses {
 public:
  // So few that a program can use them up.
  explicit CountedLabels(turn::PortRange ports) : labels_(random_, {}, ports) {}

  std::optional<Taken> take(const IpAddress& ip, Parity parity, Instant now) override {
    auto taken = labels_.take(ip, parity, now);
    if (!taken) return taken;
    require(parity == Parity::any || taken->address.port % 2 == 0, "an even port is even");
    require(taken->next.has_value() == (parity == Parity::even_and_next), "the next port is kept on demand");
    keep(taken->address);
    if (taken->next) keep(*taken->next);
    return taken;
  }

  bool adopt(const SocketAddress& next) override {
    require(held_.contains(next), "what is adopted was kept");
    return labels_.adopt(next);
  }

  void release(const SocketAddress& address, Instant now) override {
    require(held_.erase(address) == 1, "what is given back was taken, once");
    labels_.release(address, now);
  }

  const std::set<SocketAddress>& held() const { return held_; }

 private:
  void keep(const SocketAddress& address) {
    require(held_.insert(address).second, "nobody gets what another has");
  }

  test::SeededRandom random_{2};
  turn::RelayLabels labels_;
  std::set<SocketAddress> held_;
};

}  // namespace porthole::fuzz
