// Nonces that need no memory: the time and a keyed hash over it and the client's address.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/address.hpp"
#include "base/bytes.hpp"
#include "base/time.hpp"

namespace porthole::turn {

using NonceKey = std::array<std::uint8_t, 32>;

// 4 bytes of seconds and 14 of HMAC-SHA256, in base64. As text it starts with "A", so no client takes a plain
// one for one with a cookie.
constexpr std::size_t kNonceSize = 24;

// RFC 8489 section 9.2: what a nonce begins with that promises security features, and the features
// themselves, 24 bits in base64. "AAAB" is bit 0, password algorithms; section 18.1 counts from the left,
// appendix B from the right, and so does everybody.
constexpr std::string_view kNonceCookie = "obMatJos2AAAB";

// RFC 8489 section 9.2.1: whether the server offered password algorithms along with the nonce.
enum class Offer : bool { none = false, password_algorithms = true };

class Nonce {
 public:
  std::string_view text() const { return {text_.data(), size_}; }

 private:
  friend class NonceIssuer;
  std::array<char, kNonceCookie.size() + kNonceSize> text_{};
  std::size_t size_ = 0;
};

// What a nonce claims, without any proof.
Offer offer_of(std::string_view nonce);

// Bound to the client's IP address and not to its port or transport, because browsers open several sockets,
// and try UDP, TCP and TLS at once, with the nonce that they got first.
class NonceIssuer {
 public:
  // Every server of the one port has the same key: a client may reach any of them.
  explicit NonceIssuer(const NonceKey& key) : key_(key) {}

  Nonce issue(const IpAddress& client, Offer offer, Instant now) const;
  // Whether it was issued to that client, here, within kNonceLifetime, cookie included. Constant time.
  bool valid(std::string_view nonce, const IpAddress& client, Instant now) const;

 private:
  Nonce at(const IpAddress& client, Offer offer, std::uint32_t seconds) const;

  NonceKey key_;
};

}  // namespace porthole::turn
