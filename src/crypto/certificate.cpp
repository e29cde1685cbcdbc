#include "crypto/certificate.hpp"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <array>
#include <utility>

namespace porthole::crypto {
namespace {

struct HashName {
  std::string_view in_sdp;
  HashFunction function;
  std::size_t size;  // Bytes.
};
constexpr std::array<HashName, 3> kHashNames = {{{"sha-256", HashFunction::sha256, 32},
                                                 {"sha-384", HashFunction::sha384, 48},
                                                 {"sha-512", HashFunction::sha512, 64}}};

constexpr auto kValidBefore = std::chrono::days(1);
constexpr auto kValidAfter = std::chrono::days(365);

// RFC 5280 section 4.1.2.2: positive and at most 20 bytes. 64 random bits make it unique.
constexpr int kSerialBits = 64;

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

std::optional<std::uint8_t> hex_digit(char c) {
  c = lower(c);
  if (c >= '0' && c <= '9') return static_cast<std::uint8_t>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<std::uint8_t>(c - 'a' + 10);
  return std::nullopt;
}

bool equal_without_case(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (lower(a[i]) != lower(b[i])) return false;
  }
  return true;
}

std::string colon_hex(Bytes bytes) {
  static constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string text;
  text.reserve(bytes.size() * 3);
  for (const std::uint8_t byte : bytes) {
    if (!text.empty()) text += ':';
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

const EVP_MD* algorithm(HashFunction function) {
  switch (function) {
    case HashFunction::sha384:
      return EVP_sha384();
    case HashFunction::sha512:
      return EVP_sha512();
    case HashFunction::sha256:
      break;
  }
  return EVP_sha256();
}

bool set_random_serial(X509* certificate) {
  const std::unique_ptr<BIGNUM, decltype(&BN_free)> serial(BN_new(), BN_free);
  return serial && BN_rand(serial.get(), kSerialBits, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 &&
         BN_to_ASN1_INTEGER(serial.get(), X509_get_serialNumber(certificate)) != nullptr;
}

bool set_validity(X509* certificate, WallTime now) {
  const auto seconds = [](WallTime time) {
    return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
  };
  return ASN1_TIME_set(X509_getm_notBefore(certificate), seconds(now - kValidBefore)) != nullptr &&
         ASN1_TIME_set(X509_getm_notAfter(certificate), seconds(now + kValidAfter)) != nullptr;
}

// RFC 8827 section 6.5 wants no name that could tell users apart, but an empty one upsets some parsers.
bool set_name(X509* certificate) {
  static constexpr std::string_view kName = "porthole";
  X509_NAME* const name = X509_get_subject_name(certificate);
  return X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                                    reinterpret_cast<const unsigned char*>(kName.data()),
                                    static_cast<int>(kName.size()), -1, 0) == 1 &&
         X509_set_issuer_name(certificate, name) == 1;
}

}  // namespace

std::optional<Fingerprint> parse_fingerprint(std::string_view text) {
  const std::size_t space = text.find(' ');
  if (space == std::string_view::npos) return std::nullopt;
  for (const HashName& name : kHashNames) {
    if (!equal_without_case(text.substr(0, space), name.in_sdp)) continue;
    const std::string_view digits = text.substr(space + 1);
    if (digits.size() != name.size * 3 - 1) return std::nullopt;
    Fingerprint fingerprint{.function = name.function, .size = name.size};
    for (std::size_t i = 0; i < name.size; ++i) {
      const auto high = hex_digit(digits[i * 3]);
      const auto low = hex_digit(digits[i * 3 + 1]);
      const bool separated = i + 1 == name.size || digits[i * 3 + 2] == ':';
      if (!high || !low || !separated) return std::nullopt;
      fingerprint.digest[i] = static_cast<std::uint8_t>((*high << 4) | *low);
    }
    return fingerprint;
  }
  return std::nullopt;
}

std::optional<Fingerprint> fingerprint_of(const X509* certificate, HashFunction function) {
  Fingerprint fingerprint{.function = function};
  unsigned int size = 0;
  static_assert(sizeof(fingerprint.digest) >= EVP_MAX_MD_SIZE);
  if (X509_digest(certificate, algorithm(function), fingerprint.digest.data(), &size) != 1)
    return std::nullopt;
  fingerprint.size = size;
  return fingerprint;
}

Certificate::Certificate(std::shared_ptr<X509> x509, std::shared_ptr<EVP_PKEY> key, std::string fingerprint)
    : x509_(std::move(x509)), key_(std::move(key)), fingerprint_(std::move(fingerprint)) {}

std::optional<Certificate> Certificate::self_signed(WallTime now) {
  std::shared_ptr<EVP_PKEY> key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  std::shared_ptr<X509> x509(X509_new(), X509_free);
  if (!key || !x509) return std::nullopt;
  const bool signed_well = X509_set_version(x509.get(), X509_VERSION_3) == 1 &&
                           set_random_serial(x509.get()) && set_validity(x509.get(), now) &&
                           set_name(x509.get()) && X509_set_pubkey(x509.get(), key.get()) == 1 &&
                           X509_sign(x509.get(), key.get(), EVP_sha256()) > 0;
  if (!signed_well) return std::nullopt;
  const auto fingerprint = fingerprint_of(x509.get(), HashFunction::sha256);
  if (!fingerprint) return std::nullopt;
  return Certificate(std::move(x509), std::move(key), colon_hex(fingerprint->bytes()));
}

}  // namespace porthole::crypto
