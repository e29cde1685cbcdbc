// The first half of a DTLS handshake with a stranger (RFC 6347 section 4.2.1): who asks is told a cookie, and
// only who brings it back is worth any memory. Nothing here remembers anything.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "base/address.hpp"
#include "base/bytes.hpp"
#include "base/time.hpp"

namespace porthole::crypto {

using CookieKey = std::array<std::uint8_t, 32>;

// A client brings its cookie back within a round trip; a lost datagram or two cost it some seconds more.
constexpr Duration kCookieLifetime = 30s;

// Record header, handshake header, version, length, and a cookie of 4 bytes of seconds and 16 of HMAC-SHA256.
// No ClientHello that is answered is shorter, so nothing is to be gained by forging one.
constexpr std::size_t kCookieSize = 20;
constexpr std::size_t kHelloVerifyRequestSize = 13 + 12 + 3 + kCookieSize;

// A whole ClientHello at the front of a datagram, in one record and one fragment.
struct ClientHello {
  Bytes record_number;        // 6 bytes: the answer has the same.
  std::uint16_t message = 0;  // Its number: 0, or 1 after a HelloVerifyRequest.
  Bytes random;               // 32 bytes, the same in all attempts of one handshake.
  Bytes cookie;               // Empty in a first attempt.
};

// Borrows the datagram. A ClientHello in fragments is refused: to put it together takes memory.
std::optional<ClientHello> parse_client_hello(Bytes datagram);

class DtlsCookies {
 public:
  // Random, and the same in every server of the one port.
  explicit DtlsCookies(const CookieKey& key) : key_(key) {}

  // Whether the ClientHello brings a cookie that was issued to that client, here, within kCookieLifetime.
  // Constant time.
  bool proves(const ClientHello& hello, const SocketAddress& client, Instant now) const;

  // The HelloVerifyRequest for a ClientHello that does not. `out` holds at least kHelloVerifyRequestSize
  // bytes; returns the bytes written.
  std::size_t answer(const ClientHello& hello, const SocketAddress& client, Instant now,
                     MutableBytes out) const;

 private:
  using Cookie = std::array<std::uint8_t, kCookieSize>;
  Cookie at(const SocketAddress& client, std::uint32_t seconds) const;

  CookieKey key_;
};

}  // namespace porthole::crypto
