// A TLS client over memory, as anybody's: what it says and hears are strings.
#pragma once

#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/openssl.hpp"
#include "crypto/tls.hpp"

namespace porthole::crypto::test {

struct TlsClientOptions {
  int version = TLS1_3_VERSION;
  std::string alpn = {};           // As on the wire: each name behind its length.
  std::string ciphers = {};        // Of TLS 1.2.
  std::string groups = {};         // The first one's key share is in the ClientHello.
  SSL_SESSION* session = nullptr;  // To resume.
};

class TlsClient {
 public:
  explicit TlsClient(const TlsClientOptions& options = {})
      : context_(SSL_CTX_new(TLS_client_method())), ssl_(SSL_new(context_.get())) {
    SSL_set_min_proto_version(ssl_.get(), options.version);
    SSL_set_max_proto_version(ssl_.get(), options.version);
    if (!options.alpn.empty()) {
      SSL_set_alpn_protos(ssl_.get(), reinterpret_cast<const unsigned char*>(options.alpn.data()),
                          static_cast<unsigned int>(options.alpn.size()));
    }
    if (!options.ciphers.empty()) SSL_set_cipher_list(ssl_.get(), options.ciphers.c_str());
    if (!options.groups.empty()) SSL_set1_groups_list(ssl_.get(), options.groups.c_str());
    if (options.session != nullptr) SSL_set_session(ssl_.get(), options.session);
    SSL_set_bio(ssl_.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_connect_state(ssl_.get());
    SSL_do_handshake(ssl_.get());
  }

  // What it has to send.
  std::string take() {
    std::string bytes(BIO_ctrl_pending(SSL_get_wbio(ssl_.get())), '\0');
    if (!bytes.empty()) BIO_read(SSL_get_wbio(ssl_.get()), bytes.data(), static_cast<int>(bytes.size()));
    return bytes;
  }

  void give(std::string_view bytes) {
    if (!bytes.empty()) BIO_write(SSL_get_rbio(ssl_.get()), bytes.data(), static_cast<int>(bytes.size()));
    std::string buffer(kMaxTlsPlaintext, '\0');
    const ErrorQueueScope errors;
    int size = 0;
    while ((size = SSL_read(ssl_.get(), buffer.data(), static_cast<int>(buffer.size()))) > 0) {
      heard_.append(buffer, 0, static_cast<std::size_t>(size));
    }
    const int error = SSL_get_error(ssl_.get(), size);
    if (failed_ || error == SSL_ERROR_WANT_READ || error == SSL_ERROR_ZERO_RETURN) return;
    failed_ = true;
    problem_ = ErrorQueueScope::reason();
  }

  void say(std::string_view text) { SSL_write(ssl_.get(), text.data(), static_cast<int>(text.size())); }
  void say_goodbye() { SSL_shutdown(ssl_.get()); }

  // Everything in clear so far.
  const std::string& heard() const { return heard_; }
  bool connected() const { return SSL_is_init_finished(ssl_.get()) == 1; }
  bool failed() const { return failed_; }
  const std::string& problem() const { return problem_; }
  bool heard_goodbye() const { return (SSL_get_shutdown(ssl_.get()) & SSL_RECEIVED_SHUTDOWN) != 0; }
  std::string alpn() const {
    const unsigned char* name = nullptr;
    unsigned int size = 0;
    SSL_get0_alpn_selected(ssl_.get(), &name, &size);
    return {reinterpret_cast<const char*>(name), size};
  }
  SSL* ssl() const { return ssl_.get(); }

 private:
  SslContextHandle context_;
  SslHandle ssl_;
  std::string heard_;
  std::string problem_;
  bool failed_ = false;
};

inline std::shared_ptr<const TlsContext> make_tls_context() {
  return TlsContext::create(*Certificate::self_signed(WallTime(1'700'000'000s), {"localhost"})).value();
}

// A session with a client, and what it heard from it.
class TlsLink {
 public:
  explicit TlsLink(const TlsClientOptions& options = {}, std::shared_ptr<const TlsContext> context = nullptr)
      : client(options), session((context ? context : make_tls_context())->make_session()) {}

  // Carries bytes both ways, so many at a time, until nothing moves.
  void settle(std::size_t step = std::string::npos) {
    for (std::string up = client.take(); !up.empty(); up = client.take()) {
      for (std::size_t at = 0; at < up.size(); at += std::min(step, up.size() - at)) {
        deliver(std::string_view(up).substr(at, step));
        reply();
      }
    }
  }

  // To the server; what it answers waits in `out`.
  void deliver(std::string_view bytes) {
    Bytes rest = as_bytes(bytes);
    std::vector<std::uint8_t> buffer(kMaxTlsPlaintext);
    for (Bytes text; !(text = session->decrypt(rest, buffer, out)).empty();) heard += as_text(text);
  }

  void reply() { client.give(as_text(std::exchange(out, {}))); }

  bool say(std::string_view text) { return session->encrypt(as_bytes(text), out); }

  TlsClient client;
  std::unique_ptr<TlsSession> session;
  std::string heard;  // By the server.
  std::vector<std::uint8_t> out;
};

}  // namespace porthole::crypto::test
