#include <gmock/gmock.h>
#include <openssl/ssl.h>

#include "crypto/certificate.hpp"
#include "crypto/openssl.hpp"
#include "unit/crypto/issued.hpp"

namespace porthole::crypto {
namespace {

using test::issue;
using test::Issued;
using test::pem_of;
using testing::HasSubstr;

struct Chain {
  Issued root = issue("root", nullptr);
  Issued middle = issue("middle", &root);
  Issued leaf = issue("leaf", &middle);

  std::string leaf_pem = pem_of(leaf.x509.get());
  std::string middle_pem = pem_of(middle.x509.get());
  std::string key_pem = pem_of(leaf.key.get());
};

Result<Certificate, std::string> read(const std::string& chain, const std::string& key) {
  return Certificate::from_pem(as_bytes(chain), as_bytes(key));
}

std::string problem(const std::string& chain, const std::string& key) {
  const auto certificate = read(chain, key);
  if (certificate) return "";
  EXPECT_EQ(certificate.error().find('\n'), std::string::npos);
  return certificate.error();
}

SslContextHandle make_context() {
  return SslContextHandle(SSL_CTX_new(TLS_method()));
}

TEST(CertificateFromPem, HoldsTheWholeChainAndTheKey) {
  const Chain chain;
  const auto certificate = read(chain.leaf_pem + chain.middle_pem, chain.key_pem);
  ASSERT_TRUE(certificate) << certificate.error();
  EXPECT_EQ(X509_cmp(certificate->x509(), chain.leaf.x509.get()), 0);
  EXPECT_EQ(EVP_PKEY_eq(certificate->key(), chain.leaf.key.get()), 1);
  ASSERT_EQ(certificate->intermediates().size(), 1U);
  EXPECT_EQ(X509_cmp(certificate->intermediates().front().get(), chain.middle.x509.get()), 0);
  EXPECT_EQ(certificate->fingerprint().size(), 95U);
}

TEST(CertificateFromPem, ReadsWhatStandsInOneFileWithCommentsBetween) {
  const Chain chain;
  const std::string all = "subject=leaf\n" + chain.key_pem + "issuer=middle\n" + chain.leaf_pem;
  EXPECT_EQ(problem(all, all), "");
}

TEST(CertificateFromPem, SaysWhatIsMissing) {
  const Chain chain;
  EXPECT_THAT(problem("", chain.key_pem), HasSubstr("holds no certificate"));
  EXPECT_THAT(problem(chain.key_pem, chain.key_pem), HasSubstr("holds no certificate"));
  EXPECT_THAT(problem(chain.leaf_pem, ""), HasSubstr("holds no private key"));
  EXPECT_THAT(problem(chain.leaf_pem, chain.leaf_pem), HasSubstr("holds no private key"));
}

TEST(CertificateFromPem, SaysWhatIsDamaged) {
  const Chain chain;
  const std::string half = chain.leaf_pem.substr(0, chain.leaf_pem.size() / 2);
  EXPECT_THAT(problem(half, chain.key_pem), HasSubstr("certificate file is damaged"));
  EXPECT_THAT(problem(chain.leaf_pem + half, chain.key_pem), HasSubstr("certificate file is damaged"));
  EXPECT_THAT(problem(chain.leaf_pem, chain.key_pem.substr(0, chain.key_pem.size() / 2)),
              HasSubstr("key file is damaged"));
}

TEST(CertificateFromPem, SaysThatAKeyIsEncryptedInsteadOfAsking) {
  const Chain chain;
  EXPECT_THAT(problem(chain.leaf_pem, pem_of(chain.leaf.key.get(), "secret")), HasSubstr("encrypted"));
}

TEST(CertificateFromPem, SaysThatKeyAndCertificateDoNotBelongTogether) {
  const Chain chain;
  EXPECT_THAT(problem(chain.leaf_pem, pem_of(issue("other", nullptr).key.get())),
              HasSubstr("does not belong"));
  EXPECT_THAT(problem(chain.middle_pem + chain.leaf_pem, chain.key_pem), HasSubstr("wrong order"));
}

TEST(CertificateFromPem, BoundsTheChainAndTheText) {
  const Chain chain;
  std::string longest = chain.leaf_pem;
  for (std::size_t i = 1; i < kMaxCertificateChain; ++i) longest += chain.middle_pem;
  EXPECT_EQ(problem(longest, chain.key_pem), "");
  EXPECT_THAT(problem(longest + chain.middle_pem, chain.key_pem), HasSubstr("more than a chain"));
  const std::string padding(kMaxPemSize - chain.leaf_pem.size(), '\n');
  EXPECT_EQ(problem(chain.leaf_pem + padding, chain.key_pem), "");
  EXPECT_THAT(problem(chain.leaf_pem + padding + "\n", chain.key_pem), HasSubstr("too large"));
}

TEST(CertificateFromPem, KnowsWhenItIsValid) {
  const Chain chain;
  const auto certificate = read(chain.leaf_pem, chain.key_pem);
  ASSERT_TRUE(certificate);
  EXPECT_EQ(certificate->not_before(), WallTime(1'700'000'000s - 24h));
  EXPECT_EQ(certificate->not_after(), WallTime(1'700'000'000s + 24h));
}

TEST(CertificateFromPem, LastsForEverWhereItSaysSo) {
  // RFC 5280 section 4.1.2.5: 99991231235959Z, far beyond what nanoseconds can count.
  const Issued root = issue("root", nullptr, nullptr, 253'402'300'799 - 86'400);
  const auto certificate = read(pem_of(root.x509.get()), pem_of(root.key.get()));
  ASSERT_TRUE(certificate);
  EXPECT_EQ(certificate->not_after(), WallTime::max());
}

TEST(UseCertificate, PutsTheWholeChainIntoTheContext) {
  const Chain chain;
  const auto certificate = read(chain.leaf_pem + chain.middle_pem, chain.key_pem);
  const SslContextHandle context = make_context();
  ASSERT_TRUE(use_certificate(context.get(), *certificate));
  EXPECT_EQ(X509_cmp(SSL_CTX_get0_certificate(context.get()), chain.leaf.x509.get()), 0);
  EXPECT_EQ(SSL_CTX_check_private_key(context.get()), 1);
  STACK_OF(X509)* shown = nullptr;
  SSL_CTX_get0_chain_certs(context.get(), &shown);
  ASSERT_EQ(sk_X509_num(shown), 1);
  EXPECT_EQ(X509_cmp(sk_X509_value(shown, 0), chain.middle.x509.get()), 0);
}

TEST(UseCertificate, SaysWhyAWeakKeyIsRefused) {
  const Issued weak = issue("leaf", nullptr, test::rsa_key(1024));
  const auto certificate = read(pem_of(weak.x509.get()), pem_of(weak.key.get()));
  ASSERT_TRUE(certificate) << certificate.error();
  const SslContextHandle context = make_context();
  SSL_CTX_set_security_level(context.get(), 2);
  const ErrorQueueScope errors;
  EXPECT_FALSE(use_certificate(context.get(), *certificate));
  EXPECT_THAT(ErrorQueueScope::reason(), HasSubstr("too small"));
}

TEST(SelfSigned, NamesTheHostsAndAddressesThatItIsFor) {
  const auto certificate =
      Certificate::self_signed(WallTime(1'700'000'000s), {"camera.example", "192.0.2.1", "2001:db8::1"});
  ASSERT_TRUE(certificate);
  X509* const x509 = certificate->x509();
  EXPECT_EQ(X509_check_host(x509, "camera.example", 0, 0, nullptr), 1);
  EXPECT_EQ(X509_check_ip_asc(x509, "192.0.2.1", 0), 1);
  EXPECT_EQ(X509_check_ip_asc(x509, "2001:db8::1", 0), 1);
  EXPECT_EQ(X509_check_host(x509, "other.example", 0, 0, nullptr), 0);
  EXPECT_EQ(X509_check_ip_asc(x509, "192.0.2.2", 0), 0);
}

}  // namespace
}  // namespace porthole::crypto
