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

}  // namespace porthole::node
