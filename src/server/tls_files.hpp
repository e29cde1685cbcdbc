// What the server shows to TLS clients: the certificate that its owner gave as files, or one that it signs
// itself.
#pragma once

#include <memory>
#include <porthole/basics.hpp>
#include <string>
#include <vector>

#include "base/address.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "crypto/tls.hpp"

namespace porthole::server {

using TlsContextHandle = std::shared_ptr<const crypto::TlsContext>;

struct TlsFiles {
  std::string certificate;  // PEM: the server's own, then those that lead to its root.
  std::string key;          // PEM, without a password.
};

// Whether the owner gave files; of one without the other the start complains.
inline bool are_given(const TlsFiles& files) {
  return !files.certificate.empty() || !files.key.empty();
}

// Both files are given. Does not look at the certificate's time.
Result<TlsContextHandle, Error> read_tls_files(const TlsFiles& files);

// For those who have no files: browsers warn of it, and other clients may be told to trust it. Its names are
// what the server is reached by: the advertised ones and `addresses`.
Result<TlsContextHandle, Error> make_own_tls(const std::vector<std::string>& advertised,
                                             const std::vector<IpAddress>& addresses, WallTime now);

// From the files, or its own where there are none. A certificate whose time has passed or not yet come is a
// warning in the log: clocks are wrong more often than certificates, and most clients of a camera ask for
// neither.
Result<TlsContextHandle, Error> open_tls(const TlsFiles& files, const std::vector<std::string>& advertised,
                                         const std::vector<IpAddress>& addresses, WallTime now);

// "2026-11-24", UTC.
std::string date(WallTime time);

// Empty while the certificate is valid; otherwise what is wrong, with the date.
std::string validity_problem(const crypto::Certificate& certificate, WallTime now);

// The hosts and addresses by which clients know the server, without ports and each once.
std::vector<std::string> certificate_names(const std::vector<std::string>& advertised,
                                           const std::vector<IpAddress>& addresses);

}  // namespace porthole::server
