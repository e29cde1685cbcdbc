// The PROXY protocol, versions 1 and 2 (proxy-protocol.txt of HAProxy): what a proxy that forwards a stream
// says in front of it about who is behind.
#pragma once

#include <cstdint>
#include <optional>

#include "base/address.hpp"
#include "base/bytes.hpp"
#include "base/result.hpp"

namespace porthole::wire {

// Section 2.1: the longest line of version 1, its CRLF included.
constexpr std::size_t kMaxProxyLine = 107;
// Version 2 could announce 64 KiB behind its 16 bytes. Addresses take 216 of them at most, and what proxies
// add (names, TLS versions, their own identifiers) some hundred more.
constexpr std::size_t kMaxProxyPayload = 2048;
constexpr std::size_t kProxyHeaderSize = 16;

struct ProxyHeader {
  std::size_t size = 0;  // Bytes of the stream that it takes; what follows is the client's.
  // Who is behind, IPv4-mapped addresses as IPv4; unset where the proxy speaks for itself (LOCAL) or does not
  // know (UNKNOWN, AF_UNSPEC, local sockets): then the connection's own address holds.
  std::optional<SocketAddress> source;
};

enum class ProxyError : std::uint8_t { malformed };

// From the first bytes of a stream that classify_stream() takes for StreamKind::proxy. nullopt: not whole
// yet, which with kMaxProxyLine or kProxyHeaderSize + kMaxProxyPayload bytes it never is.
Result<std::optional<ProxyHeader>, ProxyError> parse_proxy_header(Bytes first_bytes);

}  // namespace porthole::wire
