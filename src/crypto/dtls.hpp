// DTLS 1.2 with the use_srtp extension (RFC 6347, RFC 5764): proves who the peer is and agrees on SRTP keys.
//
// An interface, because OpenSSL reads the clock itself for its retransmission timer: with the one
// implementation that there is, a handshake that loses a packet takes real time whatever `now` says.
// Simulations in virtual time put a fake in its place.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/bytes.hpp"
#include "base/time.hpp"
#include "crypto/certificate.hpp"
#include "crypto/openssl.hpp"
#include "crypto/srtp.hpp"

namespace porthole::crypto {

// The largest datagram that a session sends: 1200 bytes pass on every path that matters, and a TURN Data
// indication between us and the peer takes up to 48 of them.
constexpr std::size_t kMaxDtlsDatagram = 1200 - 48;

// A larger datagram is dropped: handshakes fit into common MTUs, and data is not expected at all.
constexpr std::size_t kMaxDtlsInput = 2048;

// Datagrams that wait for poll_transmit. A flight has 2 to 4; what comes beyond is dropped, as a network
// would.
constexpr std::size_t kMaxQueuedDatagrams = 16;

// ICE has proved the path before DTLS begins, so a lost packet is likelier than a slow peer: start well below
// the second that RFC 6347 section 4.2.4.1 recommends, which allows it, and double up to a bound.
constexpr Duration kFirstDtlsRetransmission = 100ms;
constexpr Duration kLastDtlsRetransmission = 2s;

// A handshake that takes longer has failed.
constexpr Duration kMaxDtlsHandshake = 15s;

enum class DtlsRole : std::uint8_t {
  client,  // Sends the ClientHello: `a=setup:active` in our SDP.
  server,  // Waits for it: `a=setup:passive`.
};

// One association with one peer. Nothing that arrives can make it throw or hold more than a bounded amount
// of memory. Not to be used from two threads at once.
class DtlsSession {
 public:
  enum class State : std::uint8_t {
    connecting,
    connected,  // The peer's certificate has the promised fingerprint, and keys() are there.
    failed,     // Wrong certificate, no common cipher or SRTP profile, an alert, or too slow.
    closed,     // By close(), or by the peer's close_notify.
  };

  virtual ~DtlsSession() = default;

  // To be called once, before all else. The client's ClientHello is ready for poll_transmit afterwards.
  virtual void start(Instant now) = 0;
  virtual void handle_datagram(Bytes datagram, Instant now) = 0;
  virtual void handle_timeout(Instant now) = 0;
  virtual Instant next_timeout() const = 0;  // Instant::max() when idle.

  // Whether what is sent travels on a stream, which loses nothing: as long as it does, nothing is sent again.
  // Afterwards what was sent on the stream may have gone with it, and is sent again when its time has come.
  virtual void set_reliable(bool reliable) = 0;

  // The next datagram to send, at most kMaxDtlsDatagram bytes; 0 when there is none. Goes on after failed and
  // closed, since the peer should hear why. A datagram that `out` has no room for is dropped.
  virtual std::size_t poll_transmit(MutableBytes out) = 0;

  virtual State state() const = 0;
  // Non-null exactly while connected; borrows from this.
  virtual const SrtpKeys* keys() const = 0;
  // Says close_notify when connected; closed afterwards.
  virtual void close(Instant now) = 0;
};

struct DtlsParameters {
  DtlsRole role = DtlsRole::client;
  // From the peer's SDP, "sha-256 AB:CD:…": see parse_fingerprint.
  std::string peer_fingerprint;
};

class DtlsFactory {
 public:
  virtual ~DtlsFactory() = default;

  // nullptr when the fingerprint is not one that parse_fingerprint accepts (or OpenSSL has no memory).
  virtual std::unique_ptr<DtlsSession> make(const DtlsParameters& parameters) = 0;
  // Of our own certificate: "AB:CD:…", SHA-256.
  virtual std::string fingerprint() const = 0;
};

// The real one. Sessions may outlive it and be used from other threads than it.
class OpenSslDtlsFactory final : public DtlsFactory {
 public:
  // `srtp_profiles` as OpenSSL writes them, best first; tests narrow them. nullptr only when OpenSSL lacks
  // what we need.
  static std::unique_ptr<OpenSslDtlsFactory> create(Certificate certificate,
                                                    const std::string& srtp_profiles = kSrtpProfiles);

  std::unique_ptr<DtlsSession> make(const DtlsParameters& parameters) override;
  std::string fingerprint() const override { return certificate_.fingerprint(); }

 private:
  // AES-GCM encrypts and authenticates in one pass, in two fifths of the other's time (./bench srtp); RFC
  // 8827 section 6.5 makes the other one mandatory. Whoever is the DTLS server chooses: Firefox takes GCM,
  // Chromium AES-CM.
  static constexpr const char* kSrtpProfiles = "SRTP_AEAD_AES_128_GCM:SRTP_AES128_CM_SHA1_80";

  OpenSslDtlsFactory(Certificate certificate, SslContextHandle context);

  // Constant after construction.
  Certificate certificate_;
  SslContextHandle context_;  // Owned.
};

}  // namespace porthole::crypto
