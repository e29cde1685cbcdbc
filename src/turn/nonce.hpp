// Nonces that need no memory: the time and a keyed hash over it and the client's address.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/address.hpp"
#include "base/time.hpp"

namespace porthole::turn {

using NonceKey = std::array<std::uint8_t, 32>;

// 4 bytes of seconds and 14 of HMAC-SHA256, in base64. As text it starts with "A", so no client takes it for
// RFC 8489's nonce cookie.
constexpr std::size_t kNonceSize = 24;
using Nonce = std::array<char, kNonceSize>;

// Bound to the client's IP address and not to its port or transport, because browsers open several sockets,
// and try UDP, TCP and TLS at once, with the nonce that they got first.
class NonceIssuer {
 public:
  // Every server of the one port has the same key: a client may reach any of them.
  explicit NonceIssuer(const NonceKey& key) : key_(key) {}

  Nonce issue(const IpAddress& client, Instant now) const;
  // Whether it was issued to that client, here, within kNonceLifetime. Constant time.
  bool valid(std::string_view nonce, const IpAddress& client, Instant now) const;

 private:
  Nonce at(const IpAddress& client, std::uint32_t seconds) const;

  NonceKey key_;
};

}  // namespace porthole::turn
