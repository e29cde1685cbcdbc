// The certificate that a TLS or DTLS endpoint shows, and fingerprints of certificates as SDP carries them.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "base/time.hpp"

// OpenSSL's own names, so that this header does not bring all of OpenSSL with it.
using X509 = struct x509_st;
using EVP_PKEY = struct evp_pkey_st;
using SSL_CTX = struct ssl_ctx_st;

namespace porthole::crypto {

// RFC 8122 section 5 retires MD5 and SHA-1: a forged certificate with an equal hash is within reach.
enum class HashFunction : std::uint8_t { sha256, sha384, sha512 };

// A certificate's hash, from `a=fingerprint` (RFC 8122 section 5).
struct Fingerprint {
  HashFunction function = HashFunction::sha256;
  std::size_t size = 0;  // Bytes of the digest: 32, 48 or 64.
  std::array<std::uint8_t, 64> digest{};

  Bytes bytes() const { return Bytes(digest).first(size); }
  bool operator==(const Fingerprint&) const = default;
};

// "sha-256 4A:AD:…": the hash's name and the hex digits in either case, in one space. Nothing else passes,
// and neither do hash functions that are retired or unknown.
std::optional<Fingerprint> parse_fingerprint(std::string_view text);

// A chain of ten RSA-4096 certificates with all their extensions is far below.
constexpr std::size_t kMaxPemSize = 256 * 1024;
// With the server's own: browsers give up on longer ones as well.
constexpr std::size_t kMaxCertificateChain = 10;

class Certificate {
 public:
  // A fresh ECDSA P-256 key (RFC 8827 section 6.5 demands support for it) and a certificate signed by itself,
  // valid from a day before `now`, for clocks that are behind, for a year. Nobody looks at its name or its
  // chain: the fingerprint in the SDP is what counts. The key and the serial number come from OpenSSL's own
  // random generator. `names` are the host names and IP addresses that HTTPS clients may check
  // (subjectAltName). nullopt only when OpenSSL has no memory or no entropy, or cannot write a name.
  static std::optional<Certificate> self_signed(WallTime now, const std::vector<std::string>& names = {});

  // From the text of two files: the certificate with those that vouch for it behind, and its private key. The
  // error is a sentence for whoever gave the files.
  static Result<Certificate, std::string> from_pem(Bytes chain_pem, Bytes key_pem);

  // The host names and IP addresses that it is for (subjectAltName); what OpenSSL cannot read, or a terminal
  // could not show, is left out.
  std::vector<std::string> names() const;

  // Nobody may take it before and after; unset where OpenSSL cannot read the time.
  std::optional<WallTime> not_before() const;
  std::optional<WallTime> not_after() const;

  // "AB:CD:…", the SHA-256 in upper case, ready for `a=fingerprint:sha-256 `.
  const std::string& fingerprint() const { return fingerprint_; }

  // The same certificate with the same chain behind it.
  bool operator==(const Certificate& other) const;

  // Borrow from this.
  X509* x509() const { return x509_.get(); }
  EVP_PKEY* key() const { return key_.get(); }
  // What stands between x509() and a root that clients know, in order.
  const std::vector<std::shared_ptr<X509>>& intermediates() const { return intermediates_; }

 private:
  Certificate(std::shared_ptr<X509> x509, std::shared_ptr<EVP_PKEY> key, std::string fingerprint,
              std::vector<std::shared_ptr<X509>> intermediates = {});

  // Constant after construction; OpenSSL counts references itself, so copies share.
  std::shared_ptr<X509> x509_;
  std::shared_ptr<EVP_PKEY> key_;
  std::string fingerprint_;
  std::vector<std::shared_ptr<X509>> intermediates_;
};

// Makes TLS or DTLS show the certificate with its chain and prove it by its key. False when OpenSSL refuses
// them, for example a key that is too small; why stands in its error queue.
bool use_certificate(SSL_CTX* context, const Certificate& certificate);

// The hash of a certificate's DER form; nullopt only when OpenSSL cannot encode or hash it.
std::optional<Fingerprint> fingerprint_of(const X509* certificate, HashFunction function);

}  // namespace porthole::crypto
