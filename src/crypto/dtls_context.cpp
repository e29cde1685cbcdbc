#include "crypto/dtls_context.hpp"

#include <openssl/ssl.h>
#include <sys/time.h>

#include <algorithm>

#include "crypto/dtls.hpp"

namespace porthole::crypto {
namespace {

// RFC 8827 section 6.5: forward secrecy always, AEAD wherever possible, and every browser can. The RSA ones
// are for peers that still show an RSA certificate when we are the client, and for operators who give us one.
constexpr const char* kCiphers =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
constexpr const char* kGroups = "X25519:P-256:P-384";

// Renegotiation and resumption would change keys or identity behind SRTP's back.
constexpr std::uint64_t kOptions =
    SSL_OP_NO_QUERY_MTU | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION;

unsigned int microseconds(Duration duration) {
  return static_cast<unsigned int>(std::chrono::duration_cast<std::chrono::microseconds>(duration).count());
}

}  // namespace

bool configure_dtls(SSL_CTX* context, const Certificate& certificate) {
  // A buffer to write to is as large as that: 16 KB by default, for each handshake.
  SSL_CTX_set_max_send_fragment(context, long{kMaxDtlsDatagram});
  SSL_CTX_set_options(context, kOptions);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  return SSL_CTX_set_min_proto_version(context, DTLS1_2_VERSION) == 1 &&
         SSL_CTX_set_max_proto_version(context, DTLS1_2_VERSION) == 1 &&
         SSL_CTX_set_cipher_list(context, kCiphers) == 1 && SSL_CTX_set1_groups_list(context, kGroups) == 1 &&
         use_certificate(context, certificate);
}

bool attach_datagrams(SSL* ssl, DatagramQueues& queues) {
  BIO* const bio = make_datagram_bio(queues);
  if (bio == nullptr) return false;
  SSL_set_bio(ssl, bio, bio);  // Takes the one reference for both directions.
  SSL_set_mtu(ssl, static_cast<long>(kMaxDtlsDatagram));
  return true;
}

Instant retransmission_due(SSL* ssl, Instant now) {
  timeval remaining{};
  if (DTLSv1_get_timeout(ssl, &remaining) != 1) return Instant::max();
  // At least a little, so that a clock of OpenSSL's that is behind ours does not make the caller spin.
  const Duration wait = std::chrono::seconds(remaining.tv_sec) + std::chrono::microseconds(remaining.tv_usec);
  return now + std::max<Duration>(wait, 1ms);
}

unsigned int next_retransmission(unsigned int last_us, Duration first, Duration last) {
  return last_us == 0 ? microseconds(first) : std::min(last_us * 2, microseconds(last));
}

}  // namespace porthole::crypto
