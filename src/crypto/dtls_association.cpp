#include "crypto/dtls_association.hpp"

#include <openssl/bio.h>
#include <openssl/ssl.h>

#include <algorithm>
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
  // Record by record, as long as it depends on those before whether one is let through.
  while (state_ == State::connecting && !datagram.empty()) {
    const Bytes record = take_record(datagram);
    if (gate_.admits(record, ssl_.get())) continue_handshake(record);
  }
  if (state_ == State::connected && may_be_genuine(datagram, ssl_.get())) look_for_data(datagram);
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
  if (state_ != State::connected) return 0;
  const ErrorQueueScope errors;
  const int result = SSL_read(ssl_.get(), out.data(), static_cast<int>(out.size()));
  if (result > 0) return static_cast<std::size_t>(result);
  judge(result);
  return 0;
}

std::size_t OpenSslDtlsAssociation::seal(Bytes message, MutableBytes out) {
  const bool fits = message.size() <= kMaxDtlsPlaintext && message.size() + kMaxDtlsOverhead <= out.size();
  if (state_ != State::connected || message.empty() || !fits) return 0;
  const ErrorQueueScope errors;
  queues_.direct = out;
  queues_.direct_size = 0;
  const int result = SSL_write(ssl_.get(), message.data(), static_cast<int>(message.size()));
  queues_.direct = {};
  if (result <= 0) judge(result);
  return queues_.direct_size;
}

void OpenSslDtlsAssociation::close() {
  if (state_ == State::connected) {
    const ErrorQueueScope errors;
    SSL_shutdown(ssl_.get());
  }
  if (state_ != State::failed) state_ = State::closed;
}

void OpenSslDtlsAssociation::continue_handshake(Bytes record) {
  queues_.incoming = record;
  const int result = SSL_do_handshake(ssl_.get());
  queues_.incoming = {};
  if (result == 1) {
    state_ = State::connected;
  } else {
    judge(result);
  }
}

// Makes OpenSSL take the datagram, and what is not data with it: alerts, and a Finished that comes again
// because the client has not seen ours.
void OpenSslDtlsAssociation::look_for_data(Bytes datagram) {
  queues_.incoming = datagram;
  std::uint8_t first = 0;
  const int result = SSL_peek(ssl_.get(), &first, 1);
  queues_.incoming = {};
  if (result <= 0) judge(result);
}

void OpenSslDtlsAssociation::judge(int result) {
  const int error = SSL_get_error(ssl_.get(), result);
  if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) return;
  if (error == SSL_ERROR_ZERO_RETURN) {
    SSL_shutdown(ssl_.get());  // RFC 5246 section 7.2.1: answer a close_notify with one.
    state_ = State::closed;
  } else {
    state_ = State::failed;
  }
}

void OpenSslDtlsAssociation::schedule(Instant now) {
  retransmit_at_ = state_ == State::connecting ? retransmission_due(ssl_.get(), now) : Instant::max();
}

}  // namespace porthole::crypto
