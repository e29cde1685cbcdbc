// DTLS 1.2 that carries data (RFC 6347), as a server: for clients that have proved their address by a cookie
// (dtls_cookie.hpp) and need no certificate.
//
// Interfaces, for the reason that dtls.hpp gives: OpenSSL reads the clock itself.
#pragma once

#include <cstdint>
#include <memory>

#include "base/bytes.hpp"
#include "base/time.hpp"
#include "crypto/certificate.hpp"
#include "crypto/dtls_records.hpp"
#include "crypto/openssl.hpp"

namespace porthole::crypto {

// RFC 6347 section 4.2.4.1 recommends a second and allows less. Few paths are longer than half of one, and on
// those a flight goes out twice; on the others a lost one is not missed for so long.
constexpr Duration kFirstServerRetransmission = 500ms;
constexpr Duration kLastServerRetransmission = 2s;

// RFC 6347 section 4.1.1.1 and RFC 5246 section 6.2.1: a record's most, and every message is one.
constexpr std::size_t kMaxDtlsPlaintext = 1 << 14;

// One client. Nothing that arrives can make it throw or hold more than a bounded amount of memory. Not to be
// used from two threads at once.
class DtlsAssociation {
 public:
  enum class State : std::uint8_t {
    connecting,
    connected,
    failed,  // No common cipher, an alert, or slower than kMaxDtlsHandshake.
    closed,  // By close(), or by the client's close_notify.
  };

  virtual ~DtlsAssociation() = default;

  // Afterwards, read() until it returns 0: borrows the datagram until then. One of more than kMaxDtlsInput
  // bytes is dropped.
  virtual void handle_datagram(Bytes datagram, Instant now) = 0;
  virtual void handle_timeout(Instant now) = 0;
  virtual Instant next_timeout() const = 0;  // Instant::max() when idle.

  // The next datagram of the handshake, or an alert, at most kMaxDtlsDatagram bytes; 0 when there is none.
  // Goes on after failed and closed, since the client should hear why.
  virtual std::size_t poll_transmit(MutableBytes out) = 0;

  virtual State state() const = 0;

  // The client's next message, one record; 0 when there is none. `out` holds at least kMaxDtlsInput bytes.
  virtual std::size_t read(MutableBytes out) = 0;

  // Writes a message as a datagram, of at most kMaxDtlsOverhead bytes more, to be sent at once and in this
  // order. 0 when not connected, or for an empty message, one beyond kMaxDtlsPlaintext, or one that `out` may
  // have no room for. No allocation but for the first one.
  virtual std::size_t seal(Bytes message, MutableBytes out) = 0;

  // Says close_notify when connected; closed afterwards.
  virtual void close() = 0;
};

class DtlsServer {
 public:
  virtual ~DtlsServer() = default;

  // `hello` is a datagram whose ClientHello DtlsCookies::proves. nullptr when it is nothing that OpenSSL can
  // begin with.
  virtual std::unique_ptr<DtlsAssociation> accept(Bytes hello, Instant now) = 0;
};

// The real one. Associations may outlive it and be used from other threads than it.
class OpenSslDtlsServer final : public DtlsServer {
 public:
  // nullptr only when OpenSSL lacks what we need, or refuses the certificate.
  static std::unique_ptr<OpenSslDtlsServer> create(const Certificate& certificate);

  // Who begins from now on is shown this one; associations keep what they began with. False, and nothing has
  // changed, where create() would fail.
  bool use(const Certificate& certificate);

  std::unique_ptr<DtlsAssociation> accept(Bytes hello, Instant now) override;

 private:
  explicit OpenSslDtlsServer(SslContextHandle context);

  SslContextHandle context_;  // Owned.
};

}  // namespace porthole::crypto
