#include "crypto/openssl.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

namespace porthole::crypto {

void SslRelease::operator()(SSL* ssl) const {
  SSL_free(ssl);
}

void SslContextRelease::operator()(SSL_CTX* context) const {
  SSL_CTX_free(context);
}

ErrorQueueScope::ErrorQueueScope() {
  ERR_clear_error();
}

ErrorQueueScope::~ErrorQueueScope() {
  ERR_clear_error();
}

std::string ErrorQueueScope::reason() {
  const char* const text = ERR_reason_error_string(ERR_peek_last_error());
  return text == nullptr ? "no reason given" : text;
}

}  // namespace porthole::crypto
