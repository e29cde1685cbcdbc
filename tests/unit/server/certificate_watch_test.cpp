#include "server/certificate_watch.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>

#include "unit/crypto/issued.hpp"
#include "unit/io/loopback.hpp"

namespace porthole::server {
namespace {

using crypto::test::issue;
using crypto::test::Issued;
using crypto::test::pem_of;

constexpr Duration kInterval = 5ms;

time_t today() {
  return static_cast<time_t>(io::EventLoop::wall_clock().unix_seconds(io::EventLoop::now()));
}

class CertificateWatchTest : public testing::Test {
 protected:
  CertificateWatchTest() {
    write(first_);
    current_ = read_tls_files(files_).value();
  }
  ~CertificateWatchTest() override {
    std::remove(files_.certificate.c_str());
    std::remove(files_.key.c_str());
  }

  static Issued made(time_t at = today()) { return issue("leaf", nullptr, nullptr, at); }

  // As most tools do it: a new file takes the name.
  static void replace(const std::string& path, const std::string& text) {
    std::ofstream(path + ".new") << text;
    ASSERT_EQ(std::rename((path + ".new").c_str(), path.c_str()), 0);
  }
  void write(const Issued& issued) {
    replace(files_.certificate, pem_of(issued.x509.get()));
    replace(files_.key, pem_of(issued.key.get()));
  }

  void watch() {
    watch_.emplace(
        loop_, files_, current_,
        [this](TlsContextHandle context) { taken_.push_back(context->certificate().fingerprint()); },
        kInterval);
  }
  bool takes(const Issued& issued) {
    const auto expected = crypto::Certificate::from_pem(as_bytes(pem_of(issued.x509.get())),
                                                        as_bytes(pem_of(issued.key.get())));
    return io::test::run_until(loop_,
                               [&] { return !taken_.empty() && taken_.back() == expected->fingerprint(); });
  }
  void look_often() { io::test::run_for(loop_, 20 * kInterval); }

  const std::string base_ = testing::TempDir() + "certificate_watch_" + std::to_string(getpid());
  TlsFiles files_{base_ + ".crt", base_ + ".key"};
  const Issued first_ = made();
  TlsContextHandle current_;
  std::vector<std::string> taken_;
  io::EventLoop loop_;
  std::optional<CertificateWatch> watch_;
};

TEST_F(CertificateWatchTest, TakesWhatReplacedTheFilesAndNothingWhileTheyStay) {
  watch();
  look_often();
  EXPECT_TRUE(taken_.empty());
  const Issued second = made();
  write(second);
  EXPECT_TRUE(takes(second));
  look_often();
  EXPECT_EQ(taken_.size(), 1U);
}

TEST_F(CertificateWatchTest, TakesWhatCameWhileTheServerStarted) {
  const Issued second = made();
  write(second);
  watch();
  EXPECT_TRUE(takes(second));
}

TEST_F(CertificateWatchTest, WaitsAsLongAsSomebodyStillWrites) {
  watch();
  const Issued second = made();
  std::optional<io::Timer> writing;
  // Sooner than the next look, whichever it is.
  const auto again = [&] {
    write(second);
    writing->arm(io::EventLoop::now() + kInterval / 4);
  };
  writing.emplace(loop_, again);
  again();
  look_often();
  EXPECT_TRUE(taken_.empty());
  writing.reset();
  EXPECT_TRUE(takes(second));
}

TEST_F(CertificateWatchTest, FollowsASymbolicLinkToElsewhere) {
  const TlsFiles links{base_ + "-link.crt", base_ + "-link.key"};
  const TlsFiles second_files{base_ + "-2.crt", base_ + "-2.key"};
  const Issued second = made();
  replace(second_files.certificate, pem_of(second.x509.get()));
  replace(second_files.key, pem_of(second.key.get()));
  ASSERT_EQ(symlink(files_.certificate.c_str(), links.certificate.c_str()), 0);
  ASSERT_EQ(symlink(files_.key.c_str(), links.key.c_str()), 0);
  const TlsFiles originals = std::exchange(files_, links);
  watch();
  look_often();
  EXPECT_TRUE(taken_.empty());
  std::remove(links.certificate.c_str());
  std::remove(links.key.c_str());
  ASSERT_EQ(symlink(second_files.certificate.c_str(), links.certificate.c_str()), 0);
  ASSERT_EQ(symlink(second_files.key.c_str(), links.key.c_str()), 0);
  EXPECT_TRUE(takes(second));
  for (const TlsFiles& files : {originals, second_files}) {
    std::remove(files.certificate.c_str());
    std::remove(files.key.c_str());
  }
}

TEST_F(CertificateWatchTest, TakesAChainThatWasMendedBehindTheSameCertificate) {
  watch();
  const Issued middle = issue("middle", nullptr);
  replace(files_.certificate, pem_of(first_.x509.get()) + pem_of(middle.x509.get()));
  EXPECT_TRUE(takes(first_));
}

TEST_F(CertificateWatchTest, KeepsTheOldOneWhereTheFilesAreOfNoUse) {
  watch();
  const Issued second = made();
  // Half-written, gone, of two different ones, and expired.
  replace(files_.certificate, pem_of(second.x509.get()).substr(0, 200));
  look_often();
  std::remove(files_.certificate.c_str());
  look_often();
  replace(files_.certificate, pem_of(second.x509.get()));
  look_often();
  write(made(today() - 30 * 86'400));
  look_often();
  EXPECT_TRUE(taken_.empty());
  write(second);
  EXPECT_TRUE(takes(second));
}

TEST_F(CertificateWatchTest, ReadsAtOnceWhenItIsTold) {
  watch();
  const Issued second = made();
  write(second);
  watch_->reload();
  EXPECT_EQ(taken_.size(), 1U);
  watch_->reload();
  EXPECT_EQ(taken_.size(), 1U);
}

}  // namespace
}  // namespace porthole::server
