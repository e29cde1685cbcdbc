#include "crypto/dtls.hpp"

#include <openssl/srtp.h>
#include <openssl/ssl.h>

#include <utility>

#include "crypto/dtls_context.hpp"
#include "crypto/dtls_session.hpp"

namespace porthole::crypto {
namespace {

// A peer's certificate chain in bytes: an RSA-4096 one needs less than 2 KiB. OpenSSL would reassemble 100.
constexpr long kMaxCertificateList = 16 * 1024;

bool configure(SSL_CTX* context, const Certificate& certificate, const std::string& srtp_profiles) {
  SSL_CTX_set_max_cert_list(context, kMaxCertificateList);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  SSL_CTX_set_cert_verify_callback(context, OpenSslDtlsSession::verify_certificate, nullptr);
  return configure_dtls(context, certificate) &&
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
