// TLS as a client of the check: looks at the certificate, says what is wrong with it, and leaves the
// judgement to its caller.
#pragma once

#include <memory>
#include <optional>
#include <porthole/check.hpp>
#include <string>
#include <vector>

#include "check/socket.hpp"
#include "crypto/openssl.hpp"
#include "crypto/stream_bio.hpp"

namespace porthole::check {

class TlsClient {
 public:
  // `fd` is connected, stays the caller's, and outlives this. `host` is whom the certificate must be for.
  TlsClient(int fd, const std::string& host);

  Result<void, Fault> handshake(const Deadline& deadline);
  // After the handshake. Nothing where the other side has closed.
  Result<std::size_t, Fault> read_some(MutableBytes buffer, const Deadline& deadline);
  Result<void, Fault> write_all(Bytes bytes, const Deadline& deadline);

  // After the handshake.
  CheckedCertificate certificate() const;

 private:
  // Sends what OpenSSL wrote, and waits for more to read where `result` says that it wants it. True: call
  // again; false: `result` is final.
  Result<bool, Fault> serve(int result, const Deadline& deadline);

  // Constant after construction.
  int fd_;
  std::string host_;

  // Owned. The pipes outlive the SSL, which uses them.
  std::vector<std::uint8_t> received_, outgoing_;
  crypto::StreamPipes pipes_;
  crypto::SslContextHandle context_;
  crypto::SslHandle ssl_;
};

}  // namespace porthole::check
