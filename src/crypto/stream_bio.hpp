// What OpenSSL takes for its socket: a stream in the caller's memory. Its own memory BIO would copy once
// more.
#pragma once

#include <cstdint>
#include <vector>

#include "base/bytes.hpp"

using BIO = struct bio_st;

namespace porthole::crypto {

// Both directions, for the duration of one call into OpenSSL.
struct StreamPipes {
  Bytes incoming;                                 // Borrowed; what is read goes from its front.
  std::vector<std::uint8_t>* outgoing = nullptr;  // Borrowed; what is written goes to its end.
};

// Reads and writes `pipes`, which must outlive it. The caller owns it (or hands it to SSL_set_bio); nullptr
// when OpenSSL has no memory.
BIO* make_stream_bio(StreamPipes& pipes);

}  // namespace porthole::crypto
