#include "crypto/dtls_server.hpp"

#include <openssl/ssl.h>

#include <array>
#include <utility>

#include "crypto/dtls_association.hpp"
#include "crypto/dtls_context.hpp"

namespace porthole::crypto {
namespace {

// RFC 7443 section 3, as ALPN lists names: each behind its length.
constexpr std::string_view kApplicationProtocol = "\x09stun.turn";

const unsigned char* unsigned_text(std::string_view text) {
  return as_bytes(text).data();
}

// A client that offers our protocol is told so; what else it offers, or nothing, is no reason to refuse it.
int select_protocol(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* offered,
                    unsigned int offered_size, void*) {
  unsigned char* selected = nullptr;
  const int result =
      SSL_select_next_proto(&selected, out_size, unsigned_text(kApplicationProtocol),
                            static_cast<unsigned int>(kApplicationProtocol.size()), offered, offered_size);
  if (result != OPENSSL_NPN_NEGOTIATED) return SSL_TLSEXT_ERR_NOACK;
  *out = selected;
  return SSL_TLSEXT_ERR_OK;
}

// DtlsCookies has checked it: to OpenSSL every cookie is the right one, and it need not make any.
int accept_cookie(SSL*, const unsigned char*, unsigned int) {
  return 1;
}
int make_no_cookie(SSL*, unsigned char*, unsigned int*) {
  return 0;
}

SslContextHandle make_context(const Certificate& certificate) {
  const ErrorQueueScope errors;
  SslContextHandle context(SSL_CTX_new(DTLS_server_method()));
  if (!context || !configure_dtls(context.get(), certificate)) return nullptr;
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_NONE, nullptr);
  SSL_CTX_set_alpn_select_cb(context.get(), select_protocol, nullptr);
  SSL_CTX_set_cookie_verify_cb(context.get(), accept_cookie);
  SSL_CTX_set_cookie_generate_cb(context.get(), make_no_cookie);
  return context;
}

}  // namespace

std::unique_ptr<OpenSslDtlsServer> OpenSslDtlsServer::create(const Certificate& certificate) {
  SslContextHandle context = make_context(certificate);
  if (!context) return nullptr;
  return std::unique_ptr<OpenSslDtlsServer>(new OpenSslDtlsServer(std::move(context)));
}

OpenSslDtlsServer::OpenSslDtlsServer(SslContextHandle context) : context_(std::move(context)) {}

bool OpenSslDtlsServer::use(const Certificate& certificate) {
  SslContextHandle context = make_context(certificate);
  if (!context) return false;
  context_ = std::move(context);  // An association holds the one that it began with.
  return true;
}

std::unique_ptr<DtlsAssociation> OpenSslDtlsServer::accept(Bytes hello, Instant now) {
  const ErrorQueueScope errors;
  SslHandle ssl(SSL_new(context_.get()));
  if (!ssl) return nullptr;
  auto association = std::make_unique<OpenSslDtlsAssociation>(std::move(ssl), now);
  if (!association->begin(hello, now)) return nullptr;
  return association;
}

}  // namespace porthole::crypto
