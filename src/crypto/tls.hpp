// What the TLS connections of a server have in common: the certificate, and which TLS is spoken at all.
#pragma once

#include <memory>
#include <string>

#include "base/result.hpp"
#include "crypto/certificate.hpp"
#include "crypto/openssl.hpp"
#include "crypto/tls_session.hpp"

namespace porthole::crypto {

// TLS 1.2 and 1.3 (RFC 5246, RFC 8446), the server's side. Sessions keep what they began with: they may
// outlive the context, and a new certificate is a new context.
class TlsContext {
 public:
  // The error is OpenSSL's reason, for people: "the certificate is refused: ee key too small".
  static Result<std::shared_ptr<const TlsContext>, std::string> create(const Certificate& certificate);

  // nullptr only when OpenSSL has no memory.
  std::unique_ptr<TlsSession> make_session() const;

  // What it shows, for DTLS to show the same.
  const Certificate& certificate() const { return certificate_; }

 private:
  TlsContext(SslContextHandle context, Certificate certificate);

  // Constant after construction.
  SslContextHandle context_;  // Owned.
  Certificate certificate_;
};

}  // namespace porthole::crypto
