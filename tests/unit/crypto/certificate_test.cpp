#include "crypto/certificate.hpp"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <algorithm>
#include <set>
#include <string>

namespace porthole::crypto {
namespace {

constexpr WallTime kNow(1'700'000'000s);

TEST(Certificate, IsAnEcdsaP256OneThatSignedItself) {
  const auto certificate = Certificate::self_signed(kNow);
  ASSERT_TRUE(certificate);
  EXPECT_EQ(EVP_PKEY_get_base_id(certificate->key()), EVP_PKEY_EC);
  EXPECT_EQ(EVP_PKEY_get_bits(certificate->key()), 256);
  EXPECT_EQ(X509_verify(certificate->x509(), certificate->key()), 1);
  EXPECT_EQ(
      X509_NAME_cmp(X509_get_subject_name(certificate->x509()), X509_get_issuer_name(certificate->x509())),
      0);
}

TEST(Certificate, IsValidFromYesterdayForAYear) {
  const auto certificate = Certificate::self_signed(kNow);
  ASSERT_TRUE(certificate);
  const X509* const x509 = certificate->x509();
  EXPECT_EQ(ASN1_TIME_cmp_time_t(X509_get0_notBefore(x509), 1'700'000'000 - 86'400), 0);
  EXPECT_EQ(ASN1_TIME_cmp_time_t(X509_get0_notAfter(x509), 1'700'000'000 + 365 * 86'400), 0);
}

TEST(Certificate, SaysWhatItIsFor) {
  const std::vector<std::string> names{"camera.example", "192.0.2.1", "2001:db8::1"};
  EXPECT_EQ(Certificate::self_signed(kNow, names)->names(), names);
  EXPECT_TRUE(Certificate::self_signed(kNow)->names().empty());
  EXPECT_EQ(Certificate::self_signed(kNow, {"a\nforged line", "b.example"})->names(),
            std::vector<std::string>{"b.example"});
}

TEST(Certificate, DiffersEveryTime) {
  std::set<std::string> fingerprints;
  for (int i = 0; i < 8; ++i) fingerprints.insert(Certificate::self_signed(kNow)->fingerprint());
  EXPECT_EQ(fingerprints.size(), 8u);
}

TEST(Certificate, ItsFingerprintReadsBackAsItsHash) {
  const auto certificate = Certificate::self_signed(kNow);
  ASSERT_TRUE(certificate);
  const auto parsed = parse_fingerprint("sha-256 " + certificate->fingerprint());
  ASSERT_TRUE(parsed);
  EXPECT_EQ(*parsed, *fingerprint_of(certificate->x509(), HashFunction::sha256));
  EXPECT_NE(*parsed, *fingerprint_of(certificate->x509(), HashFunction::sha384));
}

std::string digits(std::size_t bytes, std::string_view each = "aB") {
  std::string text;
  for (std::size_t i = 0; i < bytes; ++i) text.append(i == 0 ? "" : ":").append(each);
  return text;
}

TEST(Fingerprint, ReadsEitherCaseAndThreeHashFunctions) {
  const auto parsed = parse_fingerprint("SHA-256 " + digits(32));
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->bytes().size(), 32u);
  EXPECT_EQ(parsed->bytes()[31], 0xAB);
  EXPECT_EQ(parse_fingerprint("sha-384 " + digits(48))->function, HashFunction::sha384);
  EXPECT_EQ(parse_fingerprint("sha-512 " + digits(64))->function, HashFunction::sha512);
}

TEST(Fingerprint, RefusesRetiredHashesAndAnythingMalformed) {
  const std::string good = "sha-256 " + digits(32);
  for (const std::string& text :
       {std::string("sha-1 ") + digits(20), std::string("md5 ") + digits(16),
        std::string("sha-256 ") + digits(31), std::string("sha-256 ") + digits(33),
        std::string("sha-256 ") + digits(32, "aG"), "sha-256  " + digits(32), "sha-256" + digits(32),
        good + " ", good + ":", std::string("sha-256 "), std::string("sha-256"), std::string(),
        std::string(" "), std::string("sha-224 ") + digits(28)}) {
    EXPECT_FALSE(parse_fingerprint(text)) << text;
  }
  std::string dashes = good;
  std::replace(dashes.begin() + 8, dashes.end(), ':', '-');
  EXPECT_FALSE(parse_fingerprint(dashes));
}

}  // namespace
}  // namespace porthole::crypto
