#include "crypto/dtls_records.hpp"

#include <gtest/gtest.h>

#include "unit/crypto/openssl_memory.hpp"
#include "unit/crypto/raw_dtls_peer.hpp"

namespace porthole::crypto {
namespace {

using test::DtlsLink;
using test::make_certificate;
using test::make_factory;
using test::make_link;
using test::Packet;
using test::RawDtlsPeer;
using test::virtual_now;
using State = DtlsSession::State;

constexpr const char* kCiphers[] = {"ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384",
                                    "ECDHE-ECDSA-CHACHA20-POLY1305"};

DtlsRole opposite(DtlsRole role) {
  return role == DtlsRole::client ? DtlsRole::server : DtlsRole::client;
}

class DtlsRecordsTest : public testing::Test {
 protected:
  // A session of ours in that role, and a peer of OpenSSL's own that has connected with it.
  void connect(DtlsRole role, const char* cipher) {
    session_ = ours_->make({role, "sha-256 " + theirs_.fingerprint()});
    session_->start(virtual_now);
    peer_ = std::make_unique<RawDtlsPeer>(opposite(role), [&](SSL_CTX* context) {
      test::use(context, theirs_);
      SSL_CTX_set_cipher_list(context, cipher);
    });
    ASSERT_TRUE(peer_->run(*session_)) << cipher;
    ASSERT_EQ(session_->state(), State::connected) << cipher;
  }

  std::unique_ptr<OpenSslDtlsFactory> ours_ = make_factory();
  Certificate theirs_ = make_certificate();
  std::unique_ptr<DtlsSession> session_;
  std::unique_ptr<RawDtlsPeer> peer_;
};

TEST_F(DtlsRecordsTest, OpenSslUnderstandsOurGoodbyeWithEveryCipher) {
  for (const DtlsRole role : {DtlsRole::client, DtlsRole::server}) {
    for (const char* cipher : kCiphers) {
      connect(role, cipher);
      session_->close(virtual_now);
      peer_->run(*session_);
      EXPECT_EQ(SSL_get_shutdown(peer_->ssl()) & SSL_RECEIVED_SHUTDOWN, SSL_RECEIVED_SHUTDOWN) << cipher;
    }
  }
}

TEST_F(DtlsRecordsTest, WeUnderstandAndAnswerOpenSslsGoodbyeWithEveryCipher) {
  for (const DtlsRole role : {DtlsRole::client, DtlsRole::server}) {
    for (const char* cipher : kCiphers) {
      connect(role, cipher);
      SSL_shutdown(peer_->ssl());
      peer_->run(*session_);
      EXPECT_EQ(session_->state(), State::closed) << cipher;
      EXPECT_EQ(SSL_get_shutdown(peer_->ssl()) & SSL_RECEIVED_SHUTDOWN, SSL_RECEIVED_SHUTDOWN) << cipher;
    }
  }
}

std::size_t datagrams_of(DtlsSession& session) {
  Packet buffer(kMaxDtlsDatagram);
  std::size_t count = 0;
  while (session.poll_transmit(buffer) > 0) ++count;
  return count;
}

TEST_F(DtlsRecordsTest, CopiesOfTheLastFlightAreAnsweredOnceAtMost) {
  const auto other = make_factory();
  DtlsLink link = make_link(*other, *ours_);
  link.settle();
  ASSERT_TRUE(link.connected());
  std::size_t answers = 0;
  for (int copy = 0; copy < 10; ++copy) {
    for (const Packet& packet : link.a_sent) link.b->handle_datagram(packet, virtual_now);
    answers += datagrams_of(*link.b);
  }
  EXPECT_EQ(answers, 1U)
      << "to the first copy, which could as well be what a peer sends who missed the answer";
}

// What a viewer costs for as long as it watches. OpenSSL would hold 58 KB.
TEST_F(DtlsRecordsTest, NothingOfOpenSslsIsLeftOfAHandshake) {
  ASSERT_TRUE(test::counting);
  for (const DtlsRole role : {DtlsRole::client, DtlsRole::server}) {
    std::size_t before = 0;
    for (const bool first : {true, false}) {  // What OpenSSL makes once is there after the first.
      session_.reset();
      peer_.reset();
      before = test::openssl_bytes;
      connect(role, kCiphers[0]);
      peer_.reset();
      EXPECT_TRUE(first || test::openssl_bytes <= before + 256) << test::openssl_bytes - before;
    }
    session_->close(virtual_now);
    EXPECT_LE(test::openssl_bytes, before + 2048) << "one key that is in use";
  }
}

}  // namespace
}  // namespace porthole::crypto
