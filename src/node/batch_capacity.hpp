// How much a batch may hold.
#pragma once

#include "base/packet.hpp"
#include "crypto/dtls_server.hpp"

namespace porthole::node {

// In bytes. What is encrypted on its way out grows, and each segment for itself.
constexpr std::size_t batch_capacity(const FiveTuple& to) {
  constexpr std::size_t kGrowth = kMaxSegments * crypto::kMaxDtlsOverhead;
  return kMaxDatagram - (to.transport == Transport::dtls ? kGrowth : 0);
}

// The same for media. What a connection was given must go, however old it becomes: it gets little at a time.
// One TLS record holds this much (RFC 8446 section 5.1), and so do most frames.
constexpr std::size_t kMaxStreamBatch = 16 << 10;
inline std::size_t media_capacity(const FiveTuple& to) {
  return to.is_stream() ? kMaxStreamBatch : batch_capacity(to);
}

}  // namespace porthole::node
