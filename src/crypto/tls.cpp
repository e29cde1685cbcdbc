#include "crypto/tls.hpp"

#include <openssl/ssl.h>

#include <array>
#include <utility>

namespace porthole::crypto {
namespace {

// RFC 9325 section 4.2: with TLS 1.2, forward secrecy and AEAD only. TLS 1.3 has nothing else.
constexpr const char* kCiphers =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-CHACHA20-POLY1305:"
    "ECDHE-RSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384";
constexpr const char* kGroups = "X25519:P-256:P-384";

// Renegotiation and compression are attacks by now (RFC 9325 sections 3.3 and 3.5).
constexpr std::uint64_t kOptions = SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION;

// Idle connections hold no record buffers of 16 KiB each way, which would be most of what they cost.
constexpr long kModes = SSL_MODE_RELEASE_BUFFERS;

// A browser opens several connections at once, but each brings its own ticket; OpenSSL's default is two.
constexpr std::size_t kTickets = 1;

// RFC 7443 section 4 and RFC 7301 section 6, each behind its length.
constexpr std::string_view kProtocols = "\x09stun.turn\x12stun.nat-discovery\x08http/1.1";

const unsigned char* unsigned_chars(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

// What a connection speaks shows in its first bytes; the name that the client offers is confirmed for those
// who insist on it. RFC 7301 section 3.2 would end the handshake where no name is known: nobody gains by
// that.
int select_protocol(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* offered,
                    unsigned int offered_size, void*) {
  unsigned char* chosen = nullptr;
  const int result = SSL_select_next_proto(&chosen, out_size, unsigned_chars(kProtocols), kProtocols.size(),
                                           offered, offered_size);
  *out = chosen;
  return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

// Tickets hold the sessions, the server none. Early data could be replayed; OpenSSL accepts none unless told.
bool configure(SSL_CTX* context) {
  SSL_CTX_set_options(context, kOptions);
  SSL_CTX_set_mode(context, kModes);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_alpn_select_cb(context, select_protocol, nullptr);
  return SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 &&
         SSL_CTX_set_num_tickets(context, kTickets) == 1 && SSL_CTX_set_max_early_data(context, 0) == 1 &&
         SSL_CTX_set_cipher_list(context, kCiphers) == 1 && SSL_CTX_set1_groups_list(context, kGroups) == 1;
}

}  // namespace

Result<std::shared_ptr<const TlsContext>, std::string> TlsContext::create(const Certificate& certificate) {
  const ErrorQueueScope errors;
  SslContextHandle context(SSL_CTX_new(TLS_server_method()));
  if (!context || !configure(context.get())) {
    return fail("OpenSSL cannot speak TLS: " + ErrorQueueScope::reason());
  }
  if (!use_certificate(context.get(), certificate)) {
    return fail("the certificate is refused: " + ErrorQueueScope::reason());
  }
  return std::shared_ptr<const TlsContext>(new TlsContext(std::move(context), certificate));
}

TlsContext::TlsContext(SslContextHandle context, Certificate certificate)
    : context_(std::move(context)), certificate_(std::move(certificate)) {}

std::unique_ptr<TlsSession> TlsContext::make_session() const {
  const ErrorQueueScope errors;
  SslHandle ssl(SSL_new(context_.get()));
  if (!ssl) return nullptr;
  auto session = std::make_unique<TlsSession>(std::move(ssl));
  if (!session->ready()) return nullptr;
  return session;
}

}  // namespace porthole::crypto
