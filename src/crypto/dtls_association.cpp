#include "crypto/dtls_association.hpp"

#include <openssl/bio.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <array>
#include <utility>

#include "crypto/dtls_context.hpp"

namespace porthole::crypto {
namespace {

unsigned int retransmission_timer(SSL*, unsigned int last_us) {
  return next_retransmission(last_us, kFirstServerRetransmission, kLastServerRetransmission);
}

struct BioAddressRelease {
  void operator()(BIO_ADDR* address) const { BIO_ADDR_free(address); }
};

}  // namespace

OpenSslDtlsAssociation::OpenSslDtlsAssociation(SslHandle ssl, Instant now)
    : ssl_(std::move(ssl)), handshake_deadline_(now + kMaxDtlsHandshake) {}

bool OpenSslDtlsAssociation::begin(Bytes hello, Instant now) {
  const Bytes record = take_record(hello);
  if (record.empty() || !attach_datagrams(ssl_.get(), queues_)) return false;
  SSL_set_accept_state(ssl_.get());
  // It wants to tell us an address that it would have from a socket.
  const std::unique_ptr<BIO_ADDR, BioAddressRelease> ignored(BIO_ADDR_new());
  queues_.incoming = record;
  // Looks at the ClientHello and takes its message for the second, not the first; then it is read again.
  const bool listened = ignored && DTLSv1_listen(ssl_.get(), ignored.get()) == 1;
  queues_.incoming = {};
  if (!listened) return false;
  DTLS_set_timer_cb(ssl_.get(), retransmission_timer);
  continue_handshake(record);
  schedule(now);
  return true;
}

void OpenSslDtlsAssociation::handle_datagram(Bytes datagram, Instant now) {
  if (datagram.size() > kMaxDtlsInput) return;
  const ErrorQueueScope errors;
  // Record by record: it depends on those before whether one is let through.
  while (state_ == State::connecting && !datagram.empty()) {
    const Bytes record = take_record(datagram);
    if (gate_.admits(record, ssl_.get())) continue_handshake(record);
  }
  unread_ = datagram;
  schedule(now);
}

void OpenSslDtlsAssociation::handle_timeout(Instant now) {
  if (state_ != State::connecting) return;
  if (now >= handshake_deadline_) {
    state_ = State::failed;
    return;
  }
  if (now < retransmit_at_) return;
  const ErrorQueueScope errors;
  // Does nothing when OpenSSL's own clock says that it is too early; fails after a dozen attempts.
  if (DTLSv1_handle_timeout(ssl_.get()) < 0) state_ = State::failed;
  schedule(now);
}

Instant OpenSslDtlsAssociation::next_timeout() const {
  return state_ == State::connecting ? std::min(handshake_deadline_, retransmit_at_) : Instant::max();
}

std::size_t OpenSslDtlsAssociation::read(MutableBytes out) {
  while (state_ == State::connected && !unread_.empty()) {
    const auto opened = records_->open(take_record(unread_), out);
    if (!opened) continue;
    const DtlsRecords::Meaning meaning = DtlsRecords::meaning_of(*opened);
    if (meaning != DtlsRecords::Meaning::data) {
      handle(meaning);
    } else if (!opened->content.empty()) {
      return opened->content.size();
    }
  }
  unread_ = {};
  return 0;
}

std::size_t OpenSslDtlsAssociation::seal(Bytes message, MutableBytes out) {
  const bool fits = message.size() <= kMaxDtlsPlaintext && message.size() + kMaxDtlsOverhead <= out.size();
  if (state_ != State::connected || message.empty() || !fits) return 0;
  return records_->seal(DtlsContent::data, message, out);
}

void OpenSslDtlsAssociation::close() {
  if (state_ == State::connected) say_close_notify();
  if (state_ != State::failed) state_ = State::closed;
}

void OpenSslDtlsAssociation::continue_handshake(Bytes record) {
  const std::size_t sent_before = queues_.outgoing.size();
  queues_.incoming = record;
  const int result = SSL_do_handshake(ssl_.get());
  queues_.incoming = {};
  if (result == 1) return finish_handshake(sent_before);
  const int error = SSL_get_error(ssl_.get(), result);
  if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) state_ = State::failed;
}

void OpenSslDtlsAssociation::finish_handshake(std::size_t sent_before) {
  records_ = DtlsRecords::take_over(ssl_.get());
  state_ = records_ ? State::connected : State::failed;
  last_flight_.assign(queues_.outgoing.begin() + static_cast<std::ptrdiff_t>(sent_before),
                      queues_.outgoing.end());
  ssl_.reset();
}

void OpenSslDtlsAssociation::handle(DtlsRecords::Meaning meaning) {
  if (meaning == DtlsRecords::Meaning::finished) {
    for (const auto& datagram : last_flight_) queues_.push(datagram);
  } else if (meaning == DtlsRecords::Meaning::close_notify) {
    say_close_notify();  // RFC 5246 section 7.2.1: answer it with one.
    state_ = State::closed;
  } else if (meaning == DtlsRecords::Meaning::fatal_alert) {
    state_ = State::failed;
  }
}

void OpenSslDtlsAssociation::say_close_notify() {
  std::array<std::uint8_t, 2 + kMaxDtlsOverhead> alert{};
  queues_.push(Bytes(alert).first(records_->seal_close_notify(alert)));
}

void OpenSslDtlsAssociation::schedule(Instant now) {
  retransmit_at_ = state_ == State::connecting ? retransmission_due(ssl_.get(), now) : Instant::max();
}

}  // namespace porthole::crypto
