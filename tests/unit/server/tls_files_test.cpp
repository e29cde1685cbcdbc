#include "server/tls_files.hpp"

#include <gmock/gmock.h>

#include <cstdio>
#include <fstream>

#include "unit/crypto/issued.hpp"

namespace porthole::server {
namespace {

using crypto::test::issue;
using crypto::test::Issued;
using crypto::test::pem_of;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr WallTime kNow(1'700'000'000s);

// A file for as long as the test.
class TextFile {
 public:
  TextFile(const std::string& name, const std::string& text) : path_(testing::TempDir() + name) {
    std::ofstream(path_) << text;
  }
  ~TextFile() { std::remove(path_.c_str()); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

std::string problem(const std::string& cert_file, const std::string& key_file) {
  const auto context = open_tls({cert_file, key_file}, {}, {}, kNow);
  if (context) return "";
  EXPECT_EQ(context.error().kind, Error::Kind::configuration);
  return context.error().message;
}

TEST(TlsFiles, AreACertificateAndItsKey) {
  const Issued leaf = issue("leaf", nullptr);
  const TextFile cert("tls_files_cert.pem", pem_of(leaf.x509.get()));
  const TextFile key("tls_files_key.pem", pem_of(leaf.key.get()));
  EXPECT_EQ(problem(cert.path(), key.path()), "");
  EXPECT_THAT(problem(cert.path(), ""), HasSubstr("needs --tls-key"));
  EXPECT_THAT(problem("", key.path()), HasSubstr("needs --tls-cert"));
  EXPECT_THAT(problem("/no/such/cert.pem", key.path()),
              HasSubstr("cannot read /no/such/cert.pem (--tls-cert)"));
  EXPECT_THAT(problem(cert.path(), "/no/such/key.pem"),
              HasSubstr("cannot read /no/such/key.pem (--tls-key)"));
  EXPECT_THAT(problem(testing::TempDir(), key.path()), HasSubstr("cannot read"));
  EXPECT_THAT(problem("/dev/zero", key.path()), HasSubstr("too large"));
  EXPECT_THAT(problem(key.path(), key.path()), HasSubstr("holds no certificate"));
}

TEST(TlsFiles, AreRefusedWhereTheKeyIsTooWeak) {
  const Issued leaf = issue("leaf", nullptr, crypto::test::rsa_key(512));
  const TextFile cert("tls_files_weak_cert.pem", pem_of(leaf.x509.get()));
  const TextFile key("tls_files_weak_key.pem", pem_of(leaf.key.get()));
  EXPECT_THAT(problem(cert.path(), key.path()), HasSubstr("too small"));
}

TEST(TlsFiles, WhoseTimeIsNotNowAreSaidSoWithTheDate) {
  const Issued leaf = issue("leaf", nullptr);
  const auto certificate =
      crypto::Certificate::from_pem(as_bytes(pem_of(leaf.x509.get())), as_bytes(pem_of(leaf.key.get())));
  ASSERT_TRUE(certificate);
  EXPECT_EQ(validity_problem(*certificate, kNow), "");
  EXPECT_EQ(validity_problem(*certificate, kNow + 24h), "");
  EXPECT_EQ(validity_problem(*certificate, kNow + 24h + 1s), "expired on 2023-11-15");
  EXPECT_EQ(validity_problem(*certificate, kNow - 24h - 1s), "is not valid before 2023-11-13");
}

TEST(TlsFiles, AreNotNeeded) {
  EXPECT_TRUE(open_tls({}, {}, {}, kNow));
}

TEST(TlsFiles, WithoutThemTheCertificateNamesWhatTheServerIsReachedBy) {
  EXPECT_THAT(
      certificate_names({"camera.example:8443", "door.example", "192.0.2.1:443", "[2001:db8::1]:443"},
                        {*IpAddress::parse("192.0.2.1"), *IpAddress::parse("198.51.100.7")}),
      ElementsAre("192.0.2.1", "198.51.100.7", "2001:db8::1", "camera.example", "door.example", "localhost"));
}

}  // namespace
}  // namespace porthole::server
