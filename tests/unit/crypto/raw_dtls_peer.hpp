// A peer that does as it pleases: OpenSSL without our rules, for what our own sessions would never do.
#pragma once

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <functional>
#include <memory>
#include <string>

#include "crypto/datagram_bio.hpp"
#include "unit/crypto/dtls_link.hpp"

namespace porthole::crypto::test {

class RawDtlsPeer {
 public:
  // Sets up the context; what it leaves alone is OpenSSL's default, but with use_srtp and without checks.
  using Setup = std::function<void(SSL_CTX*)>;

  RawDtlsPeer(DtlsRole role, const Setup& setup) : context_(SSL_CTX_new(DTLS_method()), SSL_CTX_free) {
    SSL_CTX_set_tlsext_use_srtp(context_.get(), "SRTP_AEAD_AES_128_GCM");
    setup(context_.get());
    ssl_.reset(SSL_new(context_.get()));
    BIO* const bio = make_datagram_bio(queues_);
    SSL_set_bio(ssl_.get(), bio, bio);
    SSL_set_options(ssl_.get(), SSL_OP_NO_QUERY_MTU);
    SSL_set_mtu(ssl_.get(), static_cast<long>(kMaxDtlsDatagram));
    if (role == DtlsRole::client) {
      SSL_set_connect_state(ssl_.get());
    } else {
      SSL_set_accept_state(ssl_.get());
    }
  }

  // Carries datagrams between the two until nothing moves. True when the raw side finished its handshake.
  bool run(DtlsSession& session) {
    bool done = SSL_do_handshake(ssl_.get()) == 1;
    for (bool moved = true; moved;) {
      moved = false;
      while (!queues_.outgoing.empty()) {
        const Packet packet = queues_.outgoing.front();
        queues_.outgoing.erase(queues_.outgoing.begin());
        session.handle_datagram(packet, virtual_now);
        moved = true;
      }
      Packet buffer(2000);
      while (const std::size_t size = session.poll_transmit(buffer)) {
        queues_.incoming = Bytes(buffer).first(size);
        done = SSL_do_handshake(ssl_.get()) == 1 || done;
        std::uint8_t ignored[100];
        if (done) SSL_read(ssl_.get(), ignored, sizeof(ignored));
        queues_.incoming = {};
        moved = true;
      }
    }
    return done;
  }

  SSL* ssl() const { return ssl_.get(); }

 private:
  DatagramQueues queues_;
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
  std::unique_ptr<SSL, decltype(&SSL_free)> ssl_{nullptr, SSL_free};
};

inline void use(SSL_CTX* context, const Certificate& certificate) {
  SSL_CTX_use_certificate(context, certificate.x509());
  SSL_CTX_use_PrivateKey(context, certificate.key());
}

// A certificate with an RSA key, as some native clients show; returns its "sha-256 AB:…".
inline std::string use_rsa(SSL_CTX* context) {
  // One for all: it takes a while.
  static const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_RSA_gen(2048), EVP_PKEY_free);
  const std::unique_ptr<X509, decltype(&X509_free)> x509(X509_new(), X509_free);
  ASN1_INTEGER_set(X509_get_serialNumber(x509.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(x509.get()), 0);
  X509_gmtime_adj(X509_getm_notAfter(x509.get()), 86'400);
  X509_set_pubkey(x509.get(), key.get());
  X509_sign(x509.get(), key.get(), EVP_sha256());
  SSL_CTX_use_certificate(context, x509.get());
  SSL_CTX_use_PrivateKey(context, key.get());
  std::string text = "sha-256 ";
  const Fingerprint fingerprint = *fingerprint_of(x509.get(), HashFunction::sha256);
  for (const std::uint8_t byte : fingerprint.bytes()) {
    static constexpr std::string_view kDigits = "0123456789ABCDEF";
    text += {kDigits[byte >> 4], kDigits[byte & 15], ':'};
  }
  text.pop_back();
  return text;
}

}  // namespace porthole::crypto::test
