// One client's association by OpenSSL: for dtls_server.cpp only, which makes them.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "crypto/datagram_bio.hpp"
#include "crypto/dtls.hpp"
#include "crypto/dtls_gate.hpp"
#include "crypto/dtls_records.hpp"
#include "crypto/dtls_server.hpp"

namespace porthole::crypto {

class OpenSslDtlsAssociation final : public DtlsAssociation {
 public:
  OpenSslDtlsAssociation(SslHandle ssl, Instant now);

  // Once, before all else. False when OpenSSL cannot make anything of the ClientHello.
  bool begin(Bytes hello, Instant now);

  void handle_datagram(Bytes datagram, Instant now) override;
  void handle_timeout(Instant now) override;
  Instant next_timeout() const override;
  std::size_t poll_transmit(MutableBytes out) override { return queues_.take(out); }
  State state() const override { return state_; }
  std::size_t read(MutableBytes out) override;
  std::size_t seal(Bytes message, MutableBytes out) override;
  void close() override;

 private:
  void continue_handshake(Bytes record);
  void finish_handshake(std::size_t sent_before);
  void handle(DtlsRecords::Meaning meaning);
  void say_close_notify();
  void schedule(Instant now);

  // Owned. The queues outlive the SSL, which writes to them.
  DatagramQueues queues_;
  SslHandle ssl_;                                       // Until the handshake is done.
  std::unique_ptr<DtlsRecords> records_;                // From then on.
  std::vector<std::vector<std::uint8_t>> last_flight_;  // Ours: a client that missed it repeats its own.
  Bytes unread_;                                        // Of the last datagram; borrowed, see read().

  // Constant after construction.
  const Instant handshake_deadline_;

  // A client's messages are short: those that belong to certificates are not asked for.
  DtlsGate gate_{kMaxDtlsInput};
  State state_ = State::connecting;
  Instant retransmit_at_ = Instant::max();
};

}  // namespace porthole::crypto
