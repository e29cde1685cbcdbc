// What a peer or an attacker on its path may send, and what must not come of it.
#include <gtest/gtest.h>

#include <random>

#include "crypto/dtls_cookie.hpp"
#include "crypto/dtls_server.hpp"
#include "unit/crypto/dtls_client.hpp"
#include "unit/crypto/openssl_memory.hpp"
#include "unit/crypto/raw_dtls_peer.hpp"

namespace porthole::crypto {
namespace {

using test::counting;
using test::DtlsLink;
using test::fingerprint_line;
using test::make_certificate;
using test::make_factory;
using test::make_link;
using test::openssl_bytes;
using test::Packet;
using test::RawDtlsPeer;
using test::use;
using test::virtual_now;
using State = DtlsSession::State;

class HostileDtls : public testing::Test {
 protected:
  void SetUp() override { virtual_now = Instant(1h); }

  std::unique_ptr<DtlsSession> start(DtlsRole role, const std::string& fingerprint) {
    auto session = ours_->make({role, fingerprint});
    session->start(virtual_now);
    return session;
  }

  std::unique_ptr<OpenSslDtlsFactory> ours_ = make_factory();
  std::unique_ptr<OpenSslDtlsFactory> other_ = make_factory();
  Certificate theirs_ = make_certificate();
  std::string theirs_line_ = "sha-256 " + theirs_.fingerprint();
};

// One datagram with one unfragmented handshake message, as two with half of it each (RFC 6347 section 4.2.3).
// The second gets a record number that the client will not use for anything else.
std::vector<Packet> in_two_fragments(const Packet& datagram) {
  constexpr std::size_t kRecordHeader = 13;
  constexpr std::size_t kHandshakeHeader = 12;
  const Bytes body = Bytes(datagram).subspan(kRecordHeader + kHandshakeHeader);
  const std::size_t half = body.size() / 2;
  std::vector<Packet> fragments;
  for (const bool second : {false, true}) {
    const std::size_t offset = second ? half : 0;
    const Bytes part = second ? body.subspan(half) : body.first(half);
    Packet packet(datagram.begin(), datagram.begin() + kRecordHeader + kHandshakeHeader);
    packet.insert(packet.end(), part.begin(), part.end());
    packet[10] = second ? 40 : 0;
    store_u16(&packet[11], static_cast<std::uint16_t>(kHandshakeHeader + part.size()));
    store_u16(&packet[kRecordHeader + 7], static_cast<std::uint16_t>(offset));
    store_u16(&packet[kRecordHeader + 10], static_cast<std::uint16_t>(part.size()));
    fragments.push_back(packet);
  }
  return fragments;
}

TEST_F(HostileDtls, AClientHelloInTwoDatagramsIsAcceptedInEitherOrder) {
  for (const bool swap : {false, true}) {
    DtlsLink link = make_link(*other_, *ours_);
    link.a_to_b = [swap](const Packet& datagram, std::size_t index) {
      if (index > 0) return std::vector<Packet>{datagram};
      std::vector<Packet> fragments = in_two_fragments(datagram);
      EXPECT_EQ(fragments.size(), 2u);
      if (swap) std::swap(fragments[0], fragments[1]);
      return fragments;
    };
    link.settle();
    EXPECT_TRUE(link.connected()) << (swap ? "swapped" : "in order");
  }
}

TEST_F(HostileDtls, APeerWithoutACertificateIsRefused) {
  const auto session = start(DtlsRole::server, theirs_line_);
  RawDtlsPeer peer(DtlsRole::client, [](SSL_CTX*) {});
  EXPECT_FALSE(peer.run(*session));
  EXPECT_EQ(session->state(), State::failed);
}

TEST_F(HostileDtls, APeerWithItsCertificateIsAccepted) {
  for (const DtlsRole role : {DtlsRole::client, DtlsRole::server}) {
    const auto session = start(role, theirs_line_);
    RawDtlsPeer peer(role == DtlsRole::client ? DtlsRole::server : DtlsRole::client,
                     [this](SSL_CTX* context) { use(context, theirs_); });
    EXPECT_TRUE(peer.run(*session));
    EXPECT_EQ(session->state(), State::connected);
  }
}

TEST_F(HostileDtls, AnRsaCertificateWillDo) {
  for (const DtlsRole role : {DtlsRole::client, DtlsRole::server}) {
    std::string fingerprint;
    RawDtlsPeer peer(role == DtlsRole::client ? DtlsRole::server : DtlsRole::client,
                     [&fingerprint](SSL_CTX* context) { fingerprint = test::use_rsa(context); });
    const auto session = start(role, fingerprint);
    EXPECT_TRUE(peer.run(*session));
    EXPECT_EQ(session->state(), State::connected);
  }
}

TEST_F(HostileDtls, StrongerFingerprintsAreCheckedToo) {
  for (const auto& [function, name] :
       {std::pair(HashFunction::sha384, "sha-384 "), std::pair(HashFunction::sha512, "sha-512 ")}) {
    std::string text = name;
    const Fingerprint fingerprint = *fingerprint_of(theirs_.x509(), function);
    for (const std::uint8_t byte : fingerprint.bytes()) {
      static constexpr std::string_view kDigits = "0123456789abcdef";
      text += {kDigits[byte >> 4], kDigits[byte & 15], ':'};
    }
    text.pop_back();
    std::string wrong = text;
    wrong.back() = wrong.back() == '0' ? '1' : '0';
    for (const std::string& promised : {text, wrong}) {
      const auto session = start(DtlsRole::client, promised);
      RawDtlsPeer peer(DtlsRole::server, [this](SSL_CTX* context) { use(context, theirs_); });
      peer.run(*session);
      EXPECT_EQ(session->state(), promised == text ? State::connected : State::failed) << promised;
    }
  }
}

struct Weakness {
  const char* name;
  void (*setup)(SSL_CTX*);
};

TEST_F(HostileDtls, WeakPeersAreRefused) {
  for (const Weakness& weakness : std::initializer_list<Weakness>{
           {"no use_srtp",
            [](SSL_CTX* context) {
              EXPECT_EQ(SSL_CTX_set_tlsext_use_srtp(context, "SRTP_AES128_CM_SHA1_32"), 0);
            }},
           {"DTLS 1.0",
            [](SSL_CTX* context) {
              SSL_CTX_set_security_level(context, 0);
              EXPECT_EQ(SSL_CTX_set_min_proto_version(context, DTLS1_VERSION), 1);
              EXPECT_EQ(SSL_CTX_set_max_proto_version(context, DTLS1_VERSION), 1);
            }},
           {"CBC",
            [](SSL_CTX* context) {
              EXPECT_EQ(SSL_CTX_set_cipher_list(context, "ECDHE-ECDSA-AES128-SHA"), 1);
            }},
           {"no forward secrecy",
            [](SSL_CTX* context) { EXPECT_EQ(SSL_CTX_set_cipher_list(context, "AES128-GCM-SHA256"), 1); }}}) {
    for (const DtlsRole role : {DtlsRole::client, DtlsRole::server}) {
      const auto session = start(role, theirs_line_);
      RawDtlsPeer peer(role == DtlsRole::client ? DtlsRole::server : DtlsRole::client,
                       [this, &weakness](SSL_CTX* context) {
                         use(context, theirs_);
                         weakness.setup(context);
                       });
      peer.run(*session);
      EXPECT_EQ(session->state(), State::failed) << weakness.name;
      EXPECT_EQ(session->keys(), nullptr);
    }
  }
}

TEST_F(HostileDtls, DataIsIgnored) {
  const auto session = start(DtlsRole::server, theirs_line_);
  RawDtlsPeer peer(DtlsRole::client, [this](SSL_CTX* context) { use(context, theirs_); });
  ASSERT_TRUE(peer.run(*session));
  EXPECT_EQ(SSL_write(peer.ssl(), "hello", 5), 5);
  peer.run(*session);
  EXPECT_EQ(session->state(), State::connected);
}

TEST_F(HostileDtls, RenegotiationIsRefused) {
  for (const DtlsRole role : {DtlsRole::client, DtlsRole::server}) {
    const auto session = start(role, theirs_line_);
    RawDtlsPeer peer(role == DtlsRole::client ? DtlsRole::server : DtlsRole::client,
                     [this](SSL_CTX* context) { use(context, theirs_); });
    ASSERT_TRUE(peer.run(*session));
    SSL_renegotiate(peer.ssl());
    peer.run(*session);
    SSL_CTX* const context = SSL_get_SSL_CTX(peer.ssl());
    EXPECT_EQ(SSL_CTX_sess_connect_good(context) + SSL_CTX_sess_accept_good(context), 1) << "handshakes";
    EXPECT_NE(session->state(), State::connecting);
  }
}

TEST_F(HostileDtls, AnEndlessCertificateChainIsRefused) {
  for (const int extra : {5, 60}) {
    const auto session = start(DtlsRole::client, theirs_line_);
    RawDtlsPeer peer(DtlsRole::server, [this, extra](SSL_CTX* context) {
      use(context, theirs_);
      for (int i = 0; i < extra; ++i) SSL_CTX_add1_chain_cert(context, theirs_.x509());
    });
    peer.run(*session);
    EXPECT_EQ(session->state(), extra == 5 ? State::connected : State::failed);
  }
}

TEST_F(HostileDtls, JunkDoesNotDisturbAConnectedSession) {
  DtlsLink link = make_link(*ours_, *other_);
  link.settle();
  ASSERT_TRUE(link.connected());
  std::mt19937 random(5);
  for (int i = 0; i < 3000; ++i) {
    // Sometimes a whole datagram of the handshake again, or one that is damaged.
    Packet junk = i % 2 == 0 ? Packet(random() % 200) : link.b_sent[random() % link.b_sent.size()];
    for (std::uint8_t& byte : junk) {
      if (i % 2 == 0 || random() % 50 == 0) byte = static_cast<std::uint8_t>(random());
    }
    if (!junk.empty() && i % 3 == 0) junk[0] = static_cast<std::uint8_t>(20 + random() % 4);
    link.a->handle_datagram(junk, virtual_now);
  }
  EXPECT_EQ(link.a->state(), State::connected);
  EXPECT_NE(link.a->keys(), nullptr);
}

// Anybody who knows two addresses can send it. OpenSSL takes a record that is shorter than nonce and tag for
// an error of its own and ends the session.
TEST_F(HostileDtls, AForgedRecordOfAnySizeDoesNotEndASession) {
  for (const std::uint16_t epoch : std::initializer_list<std::uint16_t>{0, 1, 2}) {
    for (std::uint8_t size = 0; size < 60; ++size) {
      DtlsLink link = make_link(*ours_, *other_);
      link.settle();
      ASSERT_TRUE(link.connected());
      for (const std::uint8_t type : Packet{20, 21, 22, 23, 24, 25}) {
        Packet record = {type, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 1, type, 0, size};
        store_u16(&record[3], epoch);
        record.resize(record.size() + size, 1);
        link.a->handle_datagram(record, virtual_now);
        link.b->handle_datagram(record, virtual_now);
        EXPECT_TRUE(link.connected()) << "epoch " << epoch << " type " << int{type} << " size " << int{size};
      }
    }
  }
}

// The sanitizers are the judges here, and that no forged handshake succeeds.
TEST_F(HostileDtls, DamagedHandshakesNeverCrash) {
  for (unsigned int seed = 1; seed <= 80; ++seed) {
    DtlsLink link = make_link(*ours_, *other_);
    std::mt19937 random(seed);
    const auto damage = [&random](const Packet& datagram, std::size_t) {
      Packet packet = datagram;
      for (auto changes = random() % 4; changes > 0; --changes) {
        packet[random() % packet.size()] = static_cast<std::uint8_t>(random());
      }
      if (random() % 8 == 0) packet.resize(random() % packet.size());
      return std::vector<Packet>{packet};
    };
    link.a_to_b = damage;
    link.b_to_a = damage;
    link.run(kMaxDtlsHandshake + 1s);
    EXPECT_NE(link.a->state(), State::connecting);
    EXPECT_NE(link.b->state(), State::connecting);
  }
}

Packet client_hello(DtlsFactory& factory, const std::string& peer) {
  const auto client = factory.make({DtlsRole::client, peer});
  client->start(virtual_now);
  Packet hello(2000);
  hello.resize(client->poll_transmit(hello));
  return hello;
}

TEST_F(HostileDtls, OversizedDatagramsAreDropped) {
  for (const std::size_t size : {kMaxDtlsInput, kMaxDtlsInput + 1}) {
    const auto session = start(DtlsRole::server, theirs_line_);
    Packet padded = client_hello(*other_, theirs_line_);
    padded.resize(size);
    session->handle_datagram(padded, virtual_now);
    Packet buffer(2000);
    EXPECT_EQ(session->poll_transmit(buffer) > 0, size == kMaxDtlsInput);
  }
}

TEST_F(HostileDtls, WhatNobodyFetchesDoesNotPileUp) {
  const auto session = start(DtlsRole::server, theirs_line_);
  session->handle_datagram(client_hello(*other_, theirs_line_), virtual_now);
  while (session->next_timeout() < Instant(1h) + kMaxDtlsHandshake) {
    virtual_now = session->next_timeout();
    session->handle_timeout(virtual_now);
  }
  std::size_t count = 0;
  Packet buffer(2000);
  while (session->poll_transmit(buffer) > 0) ++count;
  EXPECT_EQ(count, kMaxQueuedDatagrams);
}

// A record of a handshake message of 16,000 bytes, of which it holds a fragment of 75.
Packet flood_record(std::uint32_t number, std::uint8_t epoch) {
  Packet record(100, 0xAA);
  const Packet header = {22, 0xFE, 0xFD, 0, epoch, 0, 0};
  std::ranges::copy(header, record.begin());
  store_u32(&record[7], number);
  store_u16(&record[11], 87);
  const Packet handshake = {11, 0, 0x3E, 0x80, 0, static_cast<std::uint8_t>(number % 16), 0, 0, 0, 0, 0, 75};
  std::ranges::copy(handshake, record.begin() + 13);
  store_u16(&record[20], static_cast<std::uint16_t>(number * 75 % 15'000));
  return record;
}

// Records of the next epoch and fragments of later messages must be kept for a while, since datagrams swap;
// but only so many: 260,000 bytes for the fragments of 10 messages, 100,000 for 4 records and OpenSSL's own.
TEST_F(HostileDtls, AFloodHoldsABoundedAmountOfMemory) {
  ASSERT_TRUE(counting);
  for (const DtlsRole role : {DtlsRole::client, DtlsRole::server}) {
    for (const std::uint8_t epoch : Packet{0, 1, 2}) {
      const auto session = start(role, theirs_line_);
      const std::size_t before = openssl_bytes;
      std::size_t most = before;
      for (std::uint32_t i = 0; i < 5000; ++i) {
        session->handle_datagram(flood_record(i, epoch), virtual_now);
        most = std::max(most, openssl_bytes);
      }
      EXPECT_LT(most - before, epoch == 0 ? 300'000u : 150'000u) << "in epoch " << int{epoch};
    }
  }
}

// A client of the TURN server gets less: nobody needs a certificate chain of it.
TEST_F(HostileDtls, AFloodHoldsLittleMemoryInAnAssociation) {
  ASSERT_TRUE(counting);
  const DtlsCookies cookies(CookieKey{1});
  const auto server = OpenSslDtlsServer::create(theirs_);
  for (const std::uint8_t epoch : Packet{0, 1, 2}) {
    test::DtlsClient client;
    client.advance();
    Packet answer(kHelloVerifyRequestSize);
    cookies.answer(*parse_client_hello(client.take().at(0)), {}, virtual_now, answer);
    client.handle_datagram(answer);
    const Packet hello = client.take().at(0);
    const std::size_t before = openssl_bytes;
    const auto association = server->accept(hello, virtual_now);
    ASSERT_TRUE(association);
    std::size_t most = openssl_bytes;
    for (std::uint32_t i = 0; i < 5000; ++i) {
      association->handle_datagram(flood_record(100 + i, epoch), virtual_now);
      most = std::max(most, openssl_bytes);
    }
    EXPECT_LT(most - before, epoch == 1 ? 140'000u : 70'000u) << "in epoch " << int{epoch};
  }
}

// Forged records that came first must not shut the true ones out.
TEST_F(HostileDtls, ManyEarlyRecordsDoNotStopTheHandshake) {
  for (const DtlsRole role : {DtlsRole::client, DtlsRole::server}) {
    DtlsLink link = make_link(*ours_, *other_);
    DtlsSession& victim = role == DtlsRole::client ? *link.a : *link.b;
    for (std::uint32_t i = 0; i < 50; ++i) victim.handle_datagram(flood_record(1000 + i, 1), virtual_now);
    link.run(kMaxDtlsHandshake);
    EXPECT_TRUE(link.connected());
  }
}

}  // namespace
}  // namespace porthole::crypto
