#include "crypto/dtls_session.hpp"

#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include <algorithm>
#include <array>
#include <utility>

#include "crypto/dtls_context.hpp"

namespace porthole::crypto {
namespace {

// RFC 5764 section 4.2: the exporter's label, and what comes out: both keys, then both salts, the client's
// before the server's.
constexpr std::string_view kExporterLabel = "EXTRACTOR-dtls_srtp";
constexpr std::size_t kKeySize = 16;

std::size_t salt_size(SrtpProfile profile) {
  return profile == SrtpProfile::aead_aes_128_gcm ? 12 : 14;
}

unsigned int retransmission_timer(SSL*, unsigned int last_us) {
  return next_retransmission(last_us, kFirstDtlsRetransmission, kLastDtlsRetransmission);
}

}  // namespace

OpenSslDtlsSession::OpenSslDtlsSession(SslHandle ssl, DtlsRole role, const Fingerprint& peer)
    : role_(role), peer_(peer), ssl_(std::move(ssl)) {
  if (!attach_datagrams(ssl_.get(), queues_)) return;
  SSL_set_app_data(ssl_.get(), this);
  DTLS_set_timer_cb(ssl_.get(), retransmission_timer);
  if (role_ == DtlsRole::client) {
    SSL_set_connect_state(ssl_.get());
  } else {
    SSL_set_accept_state(ssl_.get());
  }
  ready_ = true;
}

void OpenSslDtlsSession::start(Instant now) {
  if (started_) return;
  started_ = true;
  handshake_deadline_ = now + kMaxDtlsHandshake;
  if (role_ == DtlsRole::client) advance(now);
}

void OpenSslDtlsSession::handle_datagram(Bytes datagram, Instant now) {
  if (!started_ || datagram.size() > kMaxDtlsInput) return;
  if (state_ != State::connecting && state_ != State::connected) return;
  // Record by record: it depends on those before whether one is let through.
  while (state_ == State::connecting && !datagram.empty()) {
    const Bytes record = take_record(datagram);
    if (gate_.admits(record, ssl_.get())) shake_hands(record, now);
  }
  while (state_ == State::connected && !datagram.empty()) read(take_record(datagram));
}

void OpenSslDtlsSession::shake_hands(Bytes record, Instant now) {
  if (reliable_) repeat_flight_to_nobody();
  queues_.incoming = record;
  if (state_ == State::connecting) advance(now);
  queues_.incoming = {};
}

void OpenSslDtlsSession::handle_timeout(Instant now) {
  if (state_ != State::connecting) return;
  if (now >= handshake_deadline_) return enter(State::failed);
  if (reliable_ || now < retransmit_at_) return;
  repeat_flight();
  schedule(now);
}

void OpenSslDtlsSession::repeat_flight() {
  const ErrorQueueScope errors;
  // Does nothing when OpenSSL's own clock says that it is too early; fails after a dozen attempts.
  if (DTLSv1_handle_timeout(ssl_.get()) < 0) enter(State::failed);
}

// Whenever OpenSSL reads, it looks at its clock, and sends the last flight again when the time for that has
// come: on a stream, which is slow but loses nothing, in vain. A round of it that nobody hears sets the clock
// back.
void OpenSslDtlsSession::repeat_flight_to_nobody() {
  queues_.muted = true;
  repeat_flight();
  queues_.muted = false;
}

Instant OpenSslDtlsSession::next_timeout() const {
  if (state_ != State::connecting) return Instant::max();
  return reliable_ ? handshake_deadline_ : std::min(handshake_deadline_, retransmit_at_);
}

std::size_t OpenSslDtlsSession::poll_transmit(MutableBytes out) {
  return queues_.take(out);
}

void OpenSslDtlsSession::close(Instant) {
  if (state_ == State::connected) say_close_notify();
  if (state_ != State::failed) enter(State::closed);
}

void OpenSslDtlsSession::say_close_notify() {
  std::array<std::uint8_t, 2 + kMaxDtlsOverhead> alert{};
  queues_.push(Bytes(alert).first(records_->seal_close_notify(alert)));
}

int OpenSslDtlsSession::verify_certificate(X509_STORE_CTX* context, void*) {
  const auto* const ssl =
      static_cast<const SSL*>(X509_STORE_CTX_get_ex_data(context, SSL_get_ex_data_X509_STORE_CTX_idx()));
  auto& session = *static_cast<OpenSslDtlsSession*>(SSL_get_app_data(ssl));
  const X509* const certificate = X509_STORE_CTX_get0_cert(context);
  const auto shown =
      certificate == nullptr ? std::nullopt : fingerprint_of(certificate, session.peer_.function);
  session.verified_ = shown && *shown == session.peer_;
  X509_STORE_CTX_set_error(context, session.verified_ ? X509_V_OK : X509_V_ERR_CERT_REJECTED);
  return session.verified_ ? 1 : 0;
}

void OpenSslDtlsSession::advance(Instant now) {
  const ErrorQueueScope errors;
  continue_handshake();
  schedule(now);
}

void OpenSslDtlsSession::continue_handshake() {
  const std::size_t sent_before = queues_.outgoing.size();
  const int result = SSL_do_handshake(ssl_.get());
  if (result == 1) return finish_handshake(sent_before);
  const int error = SSL_get_error(ssl_.get(), result);
  if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) enter(State::failed);
}

void OpenSslDtlsSession::finish_handshake(std::size_t sent_before) {
  if (verified_ && export_keys()) records_ = DtlsRecords::take_over(ssl_.get());
  if (!records_) return enter(State::failed);
  if (role_ == DtlsRole::server) {
    last_flight_.assign(queues_.outgoing.begin() + static_cast<std::ptrdiff_t>(sent_before),
                        queues_.outgoing.end());
  }
  ssl_.reset();
  enter(State::connected);
}

// Data in DTLS is not ours to read.
void OpenSslDtlsSession::read(Bytes record) {
  std::array<std::uint8_t, kMaxDtlsInput> content;
  const auto opened = records_->open(record, content);
  if (!opened) return;
  switch (DtlsRecords::meaning_of(*opened)) {
    case DtlsRecords::Meaning::finished:
      for (const auto& datagram : last_flight_) queues_.push(datagram);
      return;
    case DtlsRecords::Meaning::close_notify:
      say_close_notify();  // RFC 5246 section 7.2.1: answer it with one.
      return enter(State::closed);
    case DtlsRecords::Meaning::fatal_alert:
      return enter(State::failed);
    case DtlsRecords::Meaning::data:
    case DtlsRecords::Meaning::nothing:
      return;
  }
}

bool OpenSslDtlsSession::export_keys() {
  const SRTP_PROTECTION_PROFILE* const selected = SSL_get_selected_srtp_profile(ssl_.get());
  if (selected == nullptr) return false;
  keys_.profile = static_cast<SrtpProfile>(selected->id);
  if (keys_.profile != SrtpProfile::aead_aes_128_gcm && keys_.profile != SrtpProfile::aes128_cm_sha1_80) {
    return false;
  }
  const std::size_t salt = salt_size(keys_.profile);
  std::array<std::uint8_t, 2 * (kKeySize + sizeof(SrtpMasterKey::salt))> material{};
  if (SSL_export_keying_material(ssl_.get(), material.data(), 2 * (kKeySize + salt), kExporterLabel.data(),
                                 kExporterLabel.size(), nullptr, 0, 0) != 1) {
    return false;
  }
  const bool client = role_ == DtlsRole::client;
  ByteReader reader(material);
  std::ranges::copy(reader.take(kKeySize), (client ? keys_.local : keys_.remote).key.begin());
  std::ranges::copy(reader.take(kKeySize), (client ? keys_.remote : keys_.local).key.begin());
  std::ranges::copy(reader.take(salt), (client ? keys_.local : keys_.remote).salt.begin());
  std::ranges::copy(reader.take(salt), (client ? keys_.remote : keys_.local).salt.begin());
  OPENSSL_cleanse(material.data(), material.size());
  return true;
}

void OpenSslDtlsSession::enter(State state) {
  state_ = state;
  if (state == State::failed || state == State::closed) OPENSSL_cleanse(&keys_, sizeof(keys_));
}

void OpenSslDtlsSession::schedule(Instant now) {
  retransmit_at_ = state_ == State::connecting ? retransmission_due(ssl_.get(), now) : Instant::max();
}

}  // namespace porthole::crypto
