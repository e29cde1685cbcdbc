// A connection to the server, in clear or over TLS.
#pragma once

#include <memory>
#include <optional>
#include <porthole/check.hpp>
#include <string>

#include "check/proxy.hpp"
#include "check/socket.hpp"
#include "check/tls_client.hpp"

namespace porthole::check {

// Where to, and how.
struct Endpoint {
  SocketAddress address;  // The server's, or its proxy's.
  std::string host;       // As the certificate names it.
  bool tls = false;
  bool insecure = false;       // Takes any certificate.
  std::optional<Proxy> proxy;  // Where there is one, it is asked for `authority`.
  std::string authority;
};

class Stream {
 public:
  // Connected, and greeted where it is TLS. A certificate that does not hold is a Fault, unless `insecure`.
  static Result<std::unique_ptr<Stream>, Fault> open(const Endpoint& endpoint, const Deadline& deadline);

  // The certificate is there over TLS, whether it holds or not.
  const std::optional<CheckedCertificate>& certificate() const { return certificate_; }

  Result<std::size_t, Fault> read_some(MutableBytes buffer, const Deadline& deadline);
  Result<void, Fault> write_all(Bytes bytes, const Deadline& deadline);

 private:
  explicit Stream(io::OwnedFd fd) : fd_(std::move(fd)) {}
  Result<void, Fault> set_up(const Endpoint& endpoint, const Deadline& deadline);
  Result<void, Fault> pass_proxy(const Endpoint& endpoint, const Deadline& deadline);
  Result<void, Fault> greet(const Endpoint& endpoint, const Deadline& deadline);

  io::OwnedFd fd_;
  std::unique_ptr<TlsClient> tls_;
  std::optional<CheckedCertificate> certificate_;
};

}  // namespace porthole::check
