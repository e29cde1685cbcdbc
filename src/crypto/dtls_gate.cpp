#include "crypto/dtls_gate.hpp"

#include <openssl/ssl.h>

namespace porthole::crypto {
namespace {

// RFC 6347 section 4.1: type, version, epoch, sequence number, length.
constexpr std::size_t kRecordHeader = 13;
constexpr std::size_t kEpochAt = 3;
constexpr std::size_t kLengthAt = 11;
constexpr std::uint8_t kHandshake = 22;
constexpr std::uint8_t kApplicationData = 23;
// RFC 6347 section 4.2.2: a handshake message's type, then its length in 3 bytes.
constexpr std::size_t kMessageLengthEnd = 4;

// RFC 5288 section 3: an AES-GCM record is a nonce of 8 bytes, what is encrypted, and a tag of 16.
constexpr std::size_t kGcmOverhead = 8 + 16;

// Whether the peer's ChangeCipherSpec has been read, so that its epoch is 1 now.
bool reads_encrypted(const SSL* ssl) {
  switch (SSL_get_state(ssl)) {
    case TLS_ST_CR_CHANGE:
    case TLS_ST_CR_FINISHED:
    case TLS_ST_SR_CHANGE:
    case TLS_ST_SR_FINISHED:
    case TLS_ST_SW_SESSION_TICKET:
    case TLS_ST_SW_CHANGE:
    case TLS_ST_SW_FINISHED:
      // A server without resumption sends its own last flight only after it has read the client's.
      return true;
    default:
      return SSL_is_init_finished(ssl) == 1;
  }
}

}  // namespace

Bytes take_record(Bytes& datagram) {
  const std::size_t body = datagram.size() < kRecordHeader ? 0 : load_u16(&datagram[kLengthAt]);
  if (datagram.size() < kRecordHeader + body) datagram = {};
  const Bytes record = datagram.first(datagram.empty() ? 0 : kRecordHeader + body);
  datagram = datagram.subspan(record.size());
  return record;
}

bool DtlsGate::admits(Bytes record, const SSL* ssl) {
  // Neither side has a reason to send data before the other has finished; OpenSSL would keep 100 of them.
  if (record.size() < kRecordHeader || record[0] == kApplicationData) return false;
  const Bytes body = record.subspan(kRecordHeader);
  switch (load_u16(&record[kEpochAt])) {
    case 0:
      return record[0] != kHandshake || body.size() < kMessageLengthEnd ||
             (load_u32(body.data()) & 0xff'ffff) <= max_message_;
    case 1:
      // A Finished is longer with every cipher.
      if (body.size() < kGcmOverhead) return false;
      return reads_encrypted(ssl) || ++early_records_ <= kMaxEarlyRecords;
    default:
      return false;  // Without renegotiation there is no third epoch.
  }
}

}  // namespace porthole::crypto
