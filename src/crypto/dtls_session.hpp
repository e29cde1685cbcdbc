// One DTLS association by OpenSSL: for dtls.cpp only, which makes them.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "crypto/datagram_bio.hpp"
#include "crypto/dtls.hpp"
#include "crypto/dtls_gate.hpp"
#include "crypto/dtls_records.hpp"

using X509_STORE_CTX = struct x509_store_ctx_st;

namespace porthole::crypto {

class OpenSslDtlsSession final : public DtlsSession {
 public:
  OpenSslDtlsSession(SslHandle ssl, DtlsRole role, const Fingerprint& peer);

  // False when OpenSSL has no memory; the session is of no use then.
  bool ready() const { return ready_; }

  void start(Instant now) override;
  void handle_datagram(Bytes datagram, Instant now) override;
  void handle_timeout(Instant now) override;
  Instant next_timeout() const override;
  void set_reliable(bool reliable) override { reliable_ = reliable; }
  std::size_t poll_transmit(MutableBytes out) override;
  State state() const override { return state_; }
  const SrtpKeys* keys() const override { return state_ == State::connected ? &keys_ : nullptr; }
  void close(Instant now) override;

  // OpenSSL's certificate callback: stands in for the check of a chain that nobody has.
  static int verify_certificate(X509_STORE_CTX* context, void*);

 private:
  void shake_hands(Bytes record, Instant now);
  void repeat_flight();
  void repeat_flight_to_nobody();
  void advance(Instant now);
  void continue_handshake();
  void finish_handshake(std::size_t sent_before);
  void read(Bytes record);
  void say_close_notify();
  bool export_keys();
  void enter(State state);
  void schedule(Instant now);

  // Constant after construction.
  const DtlsRole role_;
  const Fingerprint peer_;
  bool ready_ = false;

  // Owned. The queues outlive the SSL, which writes to them.
  DatagramQueues queues_;
  SslHandle ssl_;                         // Until the handshake is done.
  std::unique_ptr<DtlsRecords> records_;  // From then on.
  // Ours, where it was the handshake's last: the peer asks for it again by repeating its own.
  std::vector<std::vector<std::uint8_t>> last_flight_;

  DtlsGate gate_;
  State state_ = State::connecting;
  SrtpKeys keys_;
  bool started_ = false;
  bool reliable_ = false;
  bool verified_ = false;  // The certificate that the peer showed has the promised fingerprint.
  Instant handshake_deadline_ = Instant::max();
  Instant retransmit_at_ = Instant::max();
};

}  // namespace porthole::crypto
