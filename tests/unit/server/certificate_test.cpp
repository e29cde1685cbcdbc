// A certificate of the operator's own, as an application that embeds the server gives and replaces it.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <porthole/forwarder.hpp>
#include <porthole/server.hpp>
#include <thread>

#include "unit/crypto/issued.hpp"
#include "unit/io/loopback.hpp"
#include "unit/io/tls_socket.hpp"

namespace porthole {
namespace {

using crypto::test::issue;
using crypto::test::Issued;
using crypto::test::pem_of;

class OwnCertificate : public testing::Test {
 protected:
  ~OwnCertificate() override {
    std::remove(cert_.c_str());
    std::remove(key_.c_str());
  }

  Issued write() const {
    Issued made = issue("leaf", nullptr, nullptr, time(nullptr));
    std::ofstream(cert_) << pem_of(made.x509.get());
    std::ofstream(key_) << pem_of(made.key.get());
    return made;
  }

  template <class Options>
  Options options() const {
    Options made;
    made.port = 0;
    made.listen = {"127.0.0.1"};
    made.tls_cert_file = cert_;
    made.tls_key_file = key_;
    made.log_level = LogLevel::off;
    made.handle_signals = false;
    return made;
  }

  // Whether a new client is shown that one.
  static bool shows(std::uint16_t port, const Issued& issued) {
    io::EventLoop loop;
    io::test::TlsSocket client({*IpAddress::parse("127.0.0.1"), port});
    EXPECT_TRUE(io::test::run_until(loop, [&] { return client.connected(); }));
    return X509_cmp(SSL_get0_peer_certificate(client.tls.ssl()), issued.x509.get()) == 0;
  }

  template <class Program>
  void replace_and_reload(Program& program, const Issued& first) {
    std::thread runs([&] { program.run(); });
    EXPECT_TRUE(shows(program.port(), first));
    const Issued second = write();
    program.reload_certificate();
    // Each worker takes it in its own time, and the kernel chooses whom a client meets.
    int tries = 1;
    while (!shows(program.port(), second) && tries < 50) ++tries;
    EXPECT_LT(tries, 50);
    program.stop();
    runs.join();
  }

  const std::string cert_ = testing::TempDir() + "own_certificate_" + std::to_string(getpid()) + ".crt";
  const std::string key_ = testing::TempDir() + "own_certificate_" + std::to_string(getpid()) + ".key";
};

TEST_F(OwnCertificate, IsReplacedWhileTheServerRuns) {
  const Issued first = write();
  auto started = Server::start(options<ServerOptions>());
  ASSERT_TRUE(std::holds_alternative<Server>(started));
  auto& server = std::get<Server>(started);
  EXPECT_TRUE(server.urls().front().starts_with("https://127.0.0.1:"));
  replace_and_reload(server, first);
}

TEST_F(OwnCertificate, IsReplacedWhileTheForwarderRuns) {
  const Issued first = write();
  auto forward = options<ForwarderOptions>();
  forward.to = {"127.0.0.1:5000"};
  forward.secrets = {"a secret"};
  auto started = Forwarder::start(forward);
  ASSERT_TRUE(std::holds_alternative<Forwarder>(started));
  replace_and_reload(std::get<Forwarder>(started), first);
}

TEST_F(OwnCertificate, IsNotNeededToAskForAnother) {
  ServerOptions plain = options<ServerOptions>();
  plain.tls_cert_file = plain.tls_key_file = "";
  auto started = Server::start(plain);
  ASSERT_TRUE(std::holds_alternative<Server>(started));
  auto& server = std::get<Server>(started);
  EXPECT_TRUE(server.urls().front().starts_with("http://"));
  server.reload_certificate();
  server.stop();
  server.run();
}

}  // namespace
}  // namespace porthole
