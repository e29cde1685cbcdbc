// The certificate that a DTLS endpoint shows, and fingerprints of certificates as SDP carries them.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/time.hpp"

// OpenSSL's own names, so that this header does not bring all of OpenSSL with it.
using X509 = struct x509_st;
using EVP_PKEY = struct evp_pkey_st;

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

class Certificate {
 public:
  // A fresh ECDSA P-256 key (RFC 8827 section 6.5 demands support for it) and a certificate signed by itself,
  // valid from a day before `now`, for clocks that are behind, for a year. Nobody looks at its name or its
  // chain: the fingerprint in the SDP is what counts. The key and the serial number come from OpenSSL's own
  // random generator. nullopt only when OpenSSL has no memory or no entropy.
  static std::optional<Certificate> self_signed(WallTime now);

  // "AB:CD:…", the SHA-256 in upper case, ready for `a=fingerprint:sha-256 `.
  const std::string& fingerprint() const { return fingerprint_; }

  // Borrow from this.
  X509* x509() const { return x509_.get(); }
  EVP_PKEY* key() const { return key_.get(); }

 private:
  Certificate(std::shared_ptr<X509> x509, std::shared_ptr<EVP_PKEY> key, std::string fingerprint);

  // Constant after construction; OpenSSL counts references itself, so copies share.
  std::shared_ptr<X509> x509_;
  std::shared_ptr<EVP_PKEY> key_;
  std::string fingerprint_;
};

// The hash of a certificate's DER form; nullopt only when OpenSSL cannot encode or hash it.
std::optional<Fingerprint> fingerprint_of(const X509* certificate, HashFunction function);

}  // namespace porthole::crypto
