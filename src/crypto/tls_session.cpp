#include "crypto/tls_session.hpp"

#include <openssl/ssl.h>

#include <array>
#include <utility>

namespace porthole::crypto {
namespace {

// RFC 8446 section 6.2: an alert in clear, fatal, decode_error: "the length of the message was incorrect".
constexpr std::array<std::uint8_t, 7> kDecodeError{21, 3, 3, 0, 2, 2, 50};

}  // namespace

TlsSession::TlsSession(SslHandle ssl) : ssl_(std::move(ssl)) {
  BIO* const bio = make_stream_bio(pipes_);
  if (bio == nullptr) return;
  SSL_set_bio(ssl_.get(), bio, bio);  // Takes the one reference for both directions.
  SSL_set_accept_state(ssl_.get());
  ready_ = true;
}

Bytes TlsSession::decrypt(Bytes& ciphertext, MutableBytes buffer, std::vector<std::uint8_t>& out) {
  const Bytes taken = std::exchange(ciphertext, {});
  if (state_ != State::handshaking && state_ != State::open) return {};
  if (!admits(taken)) {
    state_ = State::failed;
    out.insert(out.end(), kDecodeError.begin(), kDecodeError.end());
    return {};
  }
  const ErrorQueueScope errors;
  pipes_ = {taken, &out};
  std::size_t size = 0;
  // Goes through the handshake first, as far as the bytes go.
  const int result = SSL_read_ex(ssl_.get(), buffer.data(), buffer.size(), &size);
  if (state_ == State::handshaking && SSL_is_init_finished(ssl_.get()) == 1) state_ = State::open;
  if (result != 1) note_failed_read(result);
  ciphertext = std::exchange(pipes_, {}).incoming;
  return result == 1 ? Bytes(buffer).first(size) : Bytes();
}

// What follows the ClientHello of TLS 1.2 is bounded well by OpenSSL, and soon encrypted in records that look
// like those in clear.
bool TlsSession::admits(Bytes ciphertext) {
  if (state_ != State::handshaking || SSL_version(ssl_.get()) == TLS1_2_VERSION) return true;
  return guard_.admit(ciphertext);
}

void TlsSession::note_failed_read(int result) {
  const int error = SSL_get_error(ssl_.get(), result);
  if (error == SSL_ERROR_WANT_READ) return;
  state_ = error == SSL_ERROR_ZERO_RETURN ? State::input_ended : State::failed;
  pipes_.incoming = {};
}

bool TlsSession::encrypt(Bytes plaintext, std::vector<std::uint8_t>& out) {
  if (!may_write()) return false;
  if (plaintext.empty()) return true;
  const ErrorQueueScope errors;
  pipes_ = {{}, &out};
  std::size_t size = 0;
  const int result = SSL_write_ex(ssl_.get(), plaintext.data(), plaintext.size(), &size);
  pipes_ = {};
  if (result != 1) state_ = State::failed;
  return result == 1;
}

void TlsSession::close(std::vector<std::uint8_t>& out) {
  if (may_write()) {
    const ErrorQueueScope errors;
    pipes_ = {{}, &out};
    SSL_shutdown(ssl_.get());
    pipes_ = {};
  }
  if (state_ != State::failed) state_ = State::closed;
}

}  // namespace porthole::crypto
