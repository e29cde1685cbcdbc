// One TLS connection, seen from the server, by OpenSSL over memory: bytes in, bytes out.
#pragma once

#include <cstdint>
#include <vector>

#include "base/bytes.hpp"
#include "crypto/handshake_guard.hpp"
#include "crypto/openssl.hpp"
#include "crypto/stream_bio.hpp"

namespace porthole::crypto {

// RFC 8446 section 5.1: what one record carries at most.
constexpr std::size_t kMaxTlsPlaintext = 16 * 1024;

// What a record adds: its header, the nonce of AES-GCM in TLS 1.2 (RFC 5288 section 3), and the tag.
constexpr std::size_t kMaxTlsRecordOverhead = 5 + 8 + 16;

// The most that so much plaintext becomes.
constexpr std::size_t max_tls_ciphertext(std::size_t plaintext) {
  const std::size_t records = (plaintext + kMaxTlsPlaintext - 1) / kMaxTlsPlaintext;
  return plaintext + records * kMaxTlsRecordOverhead;
}

// Holds no queue: what it has to send is appended to `out` by the very call that made it, and must reach the
// client in that order, all of it. Not to be used from two threads at once.
class TlsSession {
 public:
  enum class State : std::uint8_t {
    handshaking,
    open,
    input_ended,  // The client said close_notify; it may still read (RFC 8446 section 6.1).
    failed,       // Not TLS, nothing in common, or a record that is not genuine. The alert is in `out`.
    closed,       // By close().
  };

  explicit TlsSession(SslHandle ssl);

  // False when OpenSSL has no memory; the session is of no use then.
  bool ready() const { return ready_; }

  // Takes ciphertext from its front, and returns what the client said, in `buffer`, which has room for
  // kMaxTlsPlaintext. To be called until it returns nothing; the ciphertext is used up then.
  Bytes decrypt(Bytes& ciphertext, MutableBytes buffer, std::vector<std::uint8_t>& out);

  // In as few records as possible. False, and nothing is appended, unless the client is there to read it.
  bool encrypt(Bytes plaintext, std::vector<std::uint8_t>& out);

  // Says close_notify where there is anybody to hear it.
  void close(std::vector<std::uint8_t>& out);

  State state() const { return state_; }

 private:
  bool admits(Bytes ciphertext);
  bool may_write() const { return state_ == State::open || state_ == State::input_ended; }
  void note_failed_read(int result);

  bool ready_ = false;  // Constant after construction.

  // Owned. The pipes outlive the SSL, which uses them.
  StreamPipes pipes_;
  SslHandle ssl_;

  State state_ = State::handshaking;
  HandshakeGuard guard_;
};

}  // namespace porthole::crypto
