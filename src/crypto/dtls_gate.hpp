// What OpenSSL gets to see of a DTLS handshake: it keeps records that come too early, and would keep too
// many.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.hpp"

using SSL = struct ssl_st;

namespace porthole::crypto {

// Records of the next epoch that may wait for the ChangeCipherSpec which a network has put behind them: a
// flight has one, and may come again. OpenSSL (3.0.19) would keep 100, each in a read buffer of 17 KB that
// can hold any record: 1.7 MB a session. What is beyond is dropped, and comes again with the flight.
constexpr std::size_t kMaxEarlyRecords = 4;

// OpenSSL (3.0.19) keeps fragments of up to 10 messages ahead of the one that is due, with room for all of
// each, and itself ends a handshake whose messages are longer than 17 KB: 170 KB a session. Whoever expects
// no certificate chain can do with less.
constexpr std::size_t kAnyMessage = 0xff'ffff;

// Cuts the first record off `datagram`. Empty, and so is the rest, when there is no whole record.
Bytes take_record(Bytes& datagram);

// Judges the records of one handshake.
class DtlsGate {
 public:
  // Handshake messages of more than `max_message` bytes are dropped.
  explicit DtlsGate(std::size_t max_message = kAnyMessage) : max_message_(max_message) {}

  // `record` comes from take_record(); `ssl` is as it is when all records before this one have been read.
  bool admits(Bytes record, const SSL* ssl);

 private:
  // Constant after construction.
  const std::size_t max_message_;

  std::size_t early_records_ = 0;  // Let through so far.
};

}  // namespace porthole::crypto
