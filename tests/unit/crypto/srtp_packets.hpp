// Packets and keys for the tests of SRTP.
#pragma once

#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.hpp"
#include "crypto/srtp_keys.hpp"
#include "support/seeded_random.hpp"

namespace porthole::crypto::test {

using Packet = std::vector<std::uint8_t>;

constexpr std::uint32_t kSsrc = 0x1234'5678;

inline Packet rtp(std::uint16_t sequence, std::uint32_t ssrc = kSsrc, std::size_t payload = 100) {
  Packet packet(12 + payload);
  packet[0] = 0x80;
  packet[1] = 96;
  store_u16(&packet[2], sequence);
  store_u32(&packet[8], ssrc);
  for (std::size_t i = 12; i < packet.size(); ++i) packet[i] = static_cast<std::uint8_t>(i);
  return packet;
}

// An empty receiver report, and bytes behind it.
inline Packet rtcp(std::uint32_t ssrc = kSsrc, std::size_t more = 0) {
  Packet packet = {0x80, 201, 0, 1, 0, 0, 0, 0};
  store_u32(&packet[4], ssrc);
  packet.resize(packet.size() + more, 0x5A);
  return packet;
}

inline SrtpKeys make_keys(SrtpProfile profile) {
  SrtpKeys keys{.profile = profile, .local = {}, .remote = {}};
  porthole::test::SeededRandom random;
  for (const MutableBytes part : {MutableBytes(keys.local.key), MutableBytes(keys.local.salt),
                                  MutableBytes(keys.remote.key), MutableBytes(keys.remote.salt)}) {
    random.fill(part);
  }
  return keys;
}

// The keys of whoever is at the other end.
inline SrtpKeys swapped(SrtpKeys keys) {
  std::swap(keys.local, keys.remote);
  return keys;
}

// What the RFCs write: digits, and spaces anywhere.
inline Packet from_hex(std::string_view text) {
  Packet bytes;
  bool half = false;
  for (const char digit : text) {
    if (digit == ' ') continue;
    const auto value = static_cast<std::uint8_t>(digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10);
    if (half) {
      bytes.back() = static_cast<std::uint8_t>(bytes.back() << 4 | value);
    } else {
      bytes.push_back(value);
    }
    half = !half;
  }
  return bytes;
}

}  // namespace porthole::crypto::test
