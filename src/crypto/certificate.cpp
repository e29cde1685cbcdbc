#include "crypto/certificate.hpp"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/address.hpp"
#include "crypto/openssl.hpp"
#include "crypto/pem.hpp"

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

// RFC 5280 section 4.2.1.6: an IP address is its 4 or 16 bytes, a host name its ASCII letters.
bool set_subject_name(GENERAL_NAME* name, const std::string& text) {
  const auto ip = IpAddress::parse(text);
  const Bytes bytes = ip ? ip->bytes() : as_bytes(text);
  ASN1_STRING* const value = ASN1_STRING_type_new(ip ? V_ASN1_OCTET_STRING : V_ASN1_IA5STRING);
  if (value == nullptr) return false;
  GENERAL_NAME_set0_value(name, ip ? GEN_IPADD : GEN_DNS, value);
  return ASN1_STRING_set(value, bytes.data(), static_cast<int>(bytes.size())) == 1;
}

bool set_subject_names(X509* certificate, const std::vector<std::string>& texts) {
  if (texts.empty()) return true;
  const std::unique_ptr<GENERAL_NAMES, decltype(&GENERAL_NAMES_free)> names(GENERAL_NAMES_new(),
                                                                            GENERAL_NAMES_free);
  for (const std::string& text : texts) {
    std::unique_ptr<GENERAL_NAME, decltype(&GENERAL_NAME_free)> name(GENERAL_NAME_new(), GENERAL_NAME_free);
    if (!names || !name || !set_subject_name(name.get(), text)) return false;
    if (sk_GENERAL_NAME_push(names.get(), name.get()) <= 0) return false;
    static_cast<void>(name.release());  // The list's now.
  }
  return X509_add1_ext_i2d(certificate, NID_subject_alt_name, names.get(), 0, X509V3_ADD_DEFAULT) == 1;
}

bool is_printable(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; });
}

// Empty for names of other kinds.
std::string text_of(const GENERAL_NAME* name) {
  int kind = 0;
  const auto* const value = static_cast<const ASN1_STRING*>(GENERAL_NAME_get0_value(name, &kind));
  if (kind != GEN_DNS && kind != GEN_IPADD) return {};
  const Bytes bytes(ASN1_STRING_get0_data(value), static_cast<std::size_t>(ASN1_STRING_length(value)));
  if (kind == GEN_DNS) return is_printable(as_text(bytes)) ? std::string(as_text(bytes)) : std::string();
  if (bytes.size() == 4) return IpAddress::v4(bytes.first<4>()).to_string();
  return bytes.size() == 16 ? IpAddress::v6(bytes.first<16>()).to_string() : std::string();
}

// RFC 5280 section 4.1.2.5 writes "for ever" as the last second of 9999; nanoseconds end in 2262.
constexpr int kDaysForEver = 106'000;

std::optional<WallTime> wall_time(const ASN1_TIME* time) {
  // Counted from 1970 by OpenSSL: the standard has no inverse of gmtime().
  const std::unique_ptr<ASN1_TIME, decltype(&ASN1_TIME_free)> epoch(ASN1_TIME_set(nullptr, 0),
                                                                    ASN1_TIME_free);
  int days = 0;
  int seconds = 0;
  if (!epoch || ASN1_TIME_diff(&days, &seconds, epoch.get(), time) != 1) return std::nullopt;
  if (days >= kDaysForEver) return WallTime::max();
  if (days <= -kDaysForEver) return WallTime::min();
  return WallTime(std::chrono::days(days) + std::chrono::seconds(seconds));
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

Certificate::Certificate(std::shared_ptr<X509> x509, std::shared_ptr<EVP_PKEY> key, std::string fingerprint,
                         std::vector<std::shared_ptr<X509>> intermediates)
    : x509_(std::move(x509)),
      key_(std::move(key)),
      fingerprint_(std::move(fingerprint)),
      intermediates_(std::move(intermediates)) {}

std::optional<Certificate> Certificate::self_signed(WallTime now, const std::vector<std::string>& names) {
  std::shared_ptr<EVP_PKEY> key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  std::shared_ptr<X509> x509(X509_new(), X509_free);
  if (!key || !x509) return std::nullopt;
  const bool signed_well =
      X509_set_version(x509.get(), X509_VERSION_3) == 1 && set_random_serial(x509.get()) &&
      set_validity(x509.get(), now) && set_name(x509.get()) && set_subject_names(x509.get(), names) &&
      X509_set_pubkey(x509.get(), key.get()) == 1 && X509_sign(x509.get(), key.get(), EVP_sha256()) > 0;
  if (!signed_well) return std::nullopt;
  const auto fingerprint = fingerprint_of(x509.get(), HashFunction::sha256);
  if (!fingerprint) return std::nullopt;
  return Certificate(std::move(x509), std::move(key), colon_hex(fingerprint->bytes()));
}

Result<Certificate, std::string> Certificate::from_pem(Bytes chain_pem, Bytes key_pem) {
  auto chain = read_certificates(chain_pem);
  if (!chain) return fail(chain.error());
  auto key = read_private_key(key_pem);
  if (!key) return fail(key.error());
  const ErrorQueueScope errors;
  const auto owner = std::ranges::find_if(
      *chain, [&](const auto& x509) { return X509_check_private_key(x509.get(), key->get()) == 1; });
  if (owner == chain->end()) {
    return fail(
        std::string("the key does not belong to the certificate: give the two that were made together"));
  }
  if (owner != chain->begin()) {
    return fail(
        std::string("the certificate file has the wrong order: the server's own certificate comes first"));
  }
  const auto fingerprint = fingerprint_of(owner->get(), HashFunction::sha256);
  if (!fingerprint) return fail(std::string("OpenSSL cannot hash the certificate"));
  return Certificate(*owner, std::move(*key), colon_hex(fingerprint->bytes()),
                     {std::next(owner), chain->end()});
}

std::vector<std::string> Certificate::names() const {
  const ErrorQueueScope errors;
  const std::unique_ptr<GENERAL_NAMES, decltype(&GENERAL_NAMES_free)> names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(x509(), NID_subject_alt_name, nullptr, nullptr)),
      GENERAL_NAMES_free);
  std::vector<std::string> texts;
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    std::string text = text_of(sk_GENERAL_NAME_value(names.get(), i));
    if (!text.empty()) texts.push_back(std::move(text));
  }
  return texts;
}

std::optional<WallTime> Certificate::not_before() const {
  return wall_time(X509_get0_notBefore(x509()));
}

std::optional<WallTime> Certificate::not_after() const {
  return wall_time(X509_get0_notAfter(x509()));
}

bool Certificate::operator==(const Certificate& other) const {
  const auto same = [](const auto& a, const auto& b) { return X509_cmp(a.get(), b.get()) == 0; };
  return same(x509_, other.x509_) && std::ranges::equal(intermediates_, other.intermediates_, same);
}

bool use_certificate(SSL_CTX* context, const Certificate& certificate) {
  if (SSL_CTX_use_certificate(context, certificate.x509()) != 1 ||
      SSL_CTX_use_PrivateKey(context, certificate.key()) != 1) {
    return false;
  }
  return std::ranges::all_of(certificate.intermediates(), [context](const auto& x509) {
    return SSL_CTX_add1_chain_cert(context, x509.get()) == 1;
  });
}

}  // namespace porthole::crypto
