#include "crypto/dtls.hpp"

#include <openssl/srtp.h>
#include <openssl/ssl.h>

#include <utility>

#include "crypto/dtls_session.hpp"

namespace porthole::crypto {
namespace {

// RFC 8827 section 6.5: forward secrecy always, AEAD wherever possible, and every browser can. The RSA ones
// are for peers that still show an RSA certificate when we are the client.
constexpr const char* kCiphers =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
constexpr const char* kGroups = "X25519:P-256:P-384";

// A peer's certificate chain in bytes: an RSA-4096 one needs less than 2 KiB. OpenSSL would reassemble 100.
constexpr long kMaxCertificateList = 16 * 1024;

// Renegotiation and resumption would change keys or identity behind SRTP's back.
constexpr std::uint64_t kOptions =
    SSL_OP_NO_QUERY_MTU | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION;

bool configure(SSL_CTX* context, const Certificate& certificate, const std::string& srtp_profiles) {
  SSL_CTX_set_options(context, kOptions);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_max_cert_list(context, kMaxCertificateList);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  SSL_CTX_set_cert_verify_callback(context, OpenSslDtlsSession::verify_certificate, nullptr);
  return SSL_CTX_set_min_proto_version(context, DTLS1_2_VERSION) == 1 &&
         SSL_CTX_set_max_proto_version(context, DTLS1_2_VERSION) == 1 &&
         SSL_CTX_set_cipher_list(context, kCiphers) == 1 && SSL_CTX_set1_groups_list(context, kGroups) == 1 &&
         use_certificate(context, certificate) &&
         // This one returns 0 for success.
         SSL_CTX_set_tlsext_use_srtp(context, srtp_profiles.c_str()) == 0;
}

}  // namespace

std::unique_ptr<OpenSslDtlsFactory> OpenSslDtlsFactory::create(Certificate certificate,
                                                               const std::string& srtp_profiles) {
  const ErrorQueueScope errors;
  SslContextHandle context(SSL_CTX_new(DTLS_method()));
  if (!context || !configure(context.get(), certificate, srtp_profiles)) return nullptr;
  return std::unique_ptr<OpenSslDtlsFactory>(
      new OpenSslDtlsFactory(std::move(certificate), std::move(context)));
}

OpenSslDtlsFactory::OpenSslDtlsFactory(Certificate certificate, SslContextHandle context)
    : certificate_(std::move(certificate)), context_(std::move(context)) {}

std::unique_ptr<DtlsSession> OpenSslDtlsFactory::make(const DtlsParameters& parameters) {
  const auto peer = parse_fingerprint(parameters.peer_fingerprint);
  SslHandle ssl(peer ? SSL_new(context_.get()) : nullptr);
  if (!ssl) return nullptr;
  auto session = std::make_unique<OpenSslDtlsSession>(std::move(ssl), parameters.role, *peer);
  if (!session->ready()) return nullptr;
  return session;
}

}  // namespace porthole::crypto
