// Which ports relayed addresses have, over all the workers of a forwarder. There is at most one address of
// each family that they are ports of: PeerRules::relay_ips.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "base/address.hpp"

namespace porthole::node {

// Any thread, without waiting: it is asked about every packet.
class PortSet {
 public:
  bool has(const SocketAddress& address) const { return (word(address) & bit(address)) != 0; }
  void add(const SocketAddress& address) { word(address) |= bit(address); }
  // Whether it was there.
  bool remove(const SocketAddress& address) {
    return (word(address).fetch_and(~bit(address)) & bit(address)) != 0;
  }

 private:
  using Word = std::atomic<std::uint64_t>;
  static constexpr std::size_t kWordBits = 64;
  static constexpr std::size_t kPorts = 1 << 16;

  static std::size_t index(const SocketAddress& address) {
    const std::size_t family = address.ip.family() == Family::ipv4 ? 0 : 1;
    return (family * kPorts + address.port) / kWordBits;
  }
  static std::uint64_t bit(const SocketAddress& address) {
    return std::uint64_t{1} << (address.port % kWordBits);
  }
  const Word& word(const SocketAddress& address) const { return words_[index(address)]; }
  Word& word(const SocketAddress& address) { return words_[index(address)]; }

  std::array<Word, 2 * kPorts / kWordBits> words_{};
};

struct RelayedPorts {
  PortSet in_use;
  // Peers may go on sending to an address for a while, which is not meant for whoever has it next.
  PortSet resting;
};

}  // namespace porthole::node
