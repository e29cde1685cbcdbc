// What a datagram or a new stream is, from its first bytes: all protocols share one port.
#pragma once

#include <cstdint>

#include "base/bytes.hpp"

namespace porthole::wire {

// RFC 7983 section 7, as RFC 9443 section 3 updates it.
enum class DatagramKind : std::uint8_t {
  stun,          // First byte 0-3, and the magic cookie.
  dtls,          // 20-63
  channel_data,  // 64-79
  srtp,          // 128-191: SRTP or SRTCP.
  unknown,
};

DatagramKind classify_datagram(Bytes datagram);

enum class StreamKind : std::uint8_t {
  need_more,  // Could still become one of the others.
  http,       // A method and a space.
  turn,       // A STUN header at once.
  ice_tcp,    // A STUN header after a 2-byte length (RFC 4571 framing, RFC 6544).
  tls,        // A TLS handshake record.
  proxy,      // The PROXY protocol, version 1 or 2.
  unknown,    // None of these, whatever follows.
};

// With this many bytes the answer is never need_more.
constexpr std::size_t kStreamKindBytes = 12;

// `first_bytes`: everything that the stream has brought so far, from its very first byte.
StreamKind classify_stream(Bytes first_bytes);

}  // namespace porthole::wire
