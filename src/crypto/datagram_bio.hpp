// What OpenSSL takes for its socket: datagrams in memory. Its own memory BIO is a stream and would glue them
// together.
#pragma once

#include <cstdint>
#include <vector>

#include "base/bytes.hpp"

using BIO = struct bio_st;

namespace porthole::crypto {

// Both directions of one session.
struct DatagramQueues {
  Bytes incoming;  // Borrowed for the duration of a call into OpenSSL; empty when there is nothing to read.
  std::vector<std::vector<std::uint8_t>> outgoing;  // At most kMaxQueuedDatagrams.

  bool muted = false;  // What is written is dropped.

  // A full queue loses the datagram, as any network may.
  void push(Bytes datagram);
  // Moves the next datagram out; 0 when there is none. What `out` has no room for is dropped.
  std::size_t take(MutableBytes out);
};

// Reads and writes `queues`, which must outlive it. The caller owns it (or hands it to SSL_set_bio); nullptr
// when OpenSSL has no memory.
BIO* make_datagram_bio(DatagramQueues& queues);

}  // namespace porthole::crypto
