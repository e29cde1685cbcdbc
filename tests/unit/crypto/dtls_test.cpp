#include "crypto/dtls.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "unit/crypto/raw_dtls_peer.hpp"

// OpenSSL's clock, for this program: handshakes that lose packets are over at once.
extern "C" int gettimeofday(timeval* time, void*) {
  constexpr std::int64_t kEpoch = 1'700'000'000;
  const std::int64_t us = std::chrono::duration_cast<std::chrono::microseconds>(
                              porthole::crypto::test::virtual_now.time_since_epoch())
                              .count();
  time->tv_sec = kEpoch + us / 1'000'000;
  time->tv_usec = us % 1'000'000;
  return 0;
}

namespace porthole::crypto {
namespace {

using test::DtlsLink;
using test::fingerprint_line;
using test::make_factory;
using test::make_link;
using test::Packet;
using test::virtual_now;
using State = DtlsSession::State;

void expect_mirrored_keys(const DtlsLink& link) {
  ASSERT_NE(link.a->keys(), nullptr);
  ASSERT_NE(link.b->keys(), nullptr);
  const SrtpKeys& a = *link.a->keys();
  const SrtpKeys& b = *link.b->keys();
  EXPECT_EQ(a.profile, b.profile);
  EXPECT_EQ(a.local.key, b.remote.key);
  EXPECT_EQ(a.local.salt, b.remote.salt);
  EXPECT_EQ(a.remote.key, b.local.key);
  EXPECT_EQ(a.remote.salt, b.local.salt);
  EXPECT_NE(a.local.key, a.remote.key);
  EXPECT_NE(a.local.salt, a.remote.salt);
}

class Dtls : public testing::Test {
 protected:
  void SetUp() override { virtual_now = Instant(1h); }

  std::unique_ptr<OpenSslDtlsFactory> client_ = make_factory();
  std::unique_ptr<OpenSslDtlsFactory> server_ = make_factory();
};

TEST_F(Dtls, BothRolesConnectWithMirroredKeysAndPreferGcm) {
  DtlsLink link = make_link(*client_, *server_);
  EXPECT_EQ(link.a->keys(), nullptr);
  link.settle();
  ASSERT_TRUE(link.connected());
  EXPECT_EQ(link.a->keys()->profile, SrtpProfile::aead_aes_128_gcm);
  expect_mirrored_keys(link);
  EXPECT_EQ(link.a->next_timeout(), Instant::max());
  EXPECT_EQ(link.b->next_timeout(), Instant::max());
}

TEST_F(Dtls, FallsBackToAesCmWhenThePeerHasNothingElse) {
  const auto plain = make_factory("SRTP_AES128_CM_SHA1_80");
  for (const bool client_is_plain : {true, false}) {
    DtlsLink link = client_is_plain ? make_link(*plain, *server_) : make_link(*client_, *plain);
    link.settle();
    ASSERT_TRUE(link.connected());
    EXPECT_EQ(link.a->keys()->profile, SrtpProfile::aes128_cm_sha1_80);
    expect_mirrored_keys(link);
  }
}

// RFC 5764 section 4.2: both keys, then both salts, the client's first.
TEST_F(Dtls, CutsTheExportedKeysAsThePeerDoes) {
  const Certificate theirs = test::make_certificate();
  for (const DtlsRole role : {DtlsRole::client, DtlsRole::server}) {
    const auto session = client_->make({role, "sha-256 " + theirs.fingerprint()});
    session->start(virtual_now);
    test::RawDtlsPeer peer(role == DtlsRole::client ? DtlsRole::server : DtlsRole::client,
                           [&theirs](SSL_CTX* context) { test::use(context, theirs); });
    ASSERT_TRUE(peer.run(*session));
    ASSERT_NE(session->keys(), nullptr);
    Packet material(56);
    SSL_export_keying_material(peer.ssl(), material.data(), material.size(), "EXTRACTOR-dtls_srtp", 19,
                               nullptr, 0, 0);
    const SrtpKeys& keys = *session->keys();
    const bool client = role == DtlsRole::client;
    EXPECT_TRUE(
        std::equal(material.begin(), material.begin() + 16, (client ? keys.local : keys.remote).key.begin()));
    EXPECT_TRUE(std::equal(material.begin() + 16, material.begin() + 32,
                           (client ? keys.remote : keys.local).key.begin()));
    EXPECT_TRUE(std::equal(material.begin() + 32, material.begin() + 44,
                           (client ? keys.local : keys.remote).salt.begin()));
    EXPECT_TRUE(
        std::equal(material.begin() + 44, material.end(), (client ? keys.remote : keys.local).salt.begin()));
  }
}

TEST_F(Dtls, FailsWithoutACommonSrtpProfile) {
  const auto other = make_factory("SRTP_AEAD_AES_256_GCM");
  DtlsLink link = make_link(*client_, *other);
  link.settle();
  EXPECT_EQ(link.a->state(), State::failed);
  EXPECT_EQ(link.b->state(), State::failed);
}

TEST_F(Dtls, DatagramsLeaveRoomForRelayOverhead) {
  DtlsLink link = make_link(*client_, *server_);
  link.settle();
  for (const auto* sent : {&link.a_sent, &link.b_sent}) {
    EXPECT_GE(sent->size(), 2u);
    for (const Packet& datagram : *sent) EXPECT_LE(datagram.size(), 1152u);
  }
}

TEST_F(Dtls, TheClientRefusesACertificateThatTheSdpDidNotPromise) {
  DtlsLink link(client_->make({DtlsRole::client, fingerprint_line(*client_)}),
                server_->make({DtlsRole::server, fingerprint_line(*client_)}));
  link.settle();
  EXPECT_EQ(link.a->state(), State::failed);
  EXPECT_EQ(link.a->keys(), nullptr);
  EXPECT_EQ(link.b->state(), State::failed) << "an alert should tell the peer";
}

TEST_F(Dtls, TheServerRefusesACertificateThatTheSdpDidNotPromise) {
  DtlsLink link(client_->make({DtlsRole::client, fingerprint_line(*server_)}),
                server_->make({DtlsRole::server, fingerprint_line(*server_)}));
  link.settle();
  EXPECT_EQ(link.b->state(), State::failed);
  EXPECT_EQ(link.b->keys(), nullptr);
  EXPECT_EQ(link.a->state(), State::failed);
}

TEST_F(Dtls, MakesNoSessionForAWeakOrBrokenFingerprint) {
  EXPECT_EQ(client_->make({DtlsRole::client, ""}), nullptr);
  EXPECT_EQ(client_->make({DtlsRole::client, "sha-256 00:11"}), nullptr);
  EXPECT_EQ(client_->make({DtlsRole::client, "sha-1 " + server_->fingerprint().substr(0, 59)}), nullptr);
}

TEST_F(Dtls, SurvivesTheLossOfAnySingleDatagram) {
  for (std::size_t lost = 0; lost < 6; ++lost) {
    for (const bool from_client : {true, false}) {
      DtlsLink link = make_link(*client_, *server_);
      (from_client ? link.a_to_b : link.b_to_a) = [lost](const Packet& datagram, std::size_t index) {
        return index == lost ? std::vector<Packet>{} : std::vector<Packet>{datagram};
      };
      const Instant began = virtual_now;
      link.run(5s);
      EXPECT_TRUE(link.connected()) << "lost " << lost << (from_client ? " from client" : " from server");
      expect_mirrored_keys(link);
      EXPECT_LE(virtual_now - began, 300ms);
    }
  }
}

TEST_F(Dtls, SurvivesHeavyLossAndReordering) {
  for (unsigned int seed = 101; seed <= 140; ++seed) {
    DtlsLink link = make_link(*client_, *server_);
    std::mt19937 random(seed);
    Packet held;
    const auto damage = [&random, &held](const Packet& datagram, std::size_t) {
      std::vector<Packet> out;
      const auto dice = random() % 10;
      if (dice < 3) return out;
      if (dice < 5 && held.empty()) {
        held = datagram;
        return out;
      }
      out.push_back(datagram);
      if (dice == 9) out.push_back(datagram);
      return out;
    };
    link.a_to_b = damage;
    link.b_to_a = [&random](const Packet& datagram, std::size_t) {
      return random() % 10 < 3 ? std::vector<Packet>{} : std::vector<Packet>{datagram};
    };
    link.run(kMaxDtlsHandshake);
    EXPECT_TRUE(link.connected()) << "seed " << seed;
  }
}

TEST_F(Dtls, GivesUpAfterFifteenSecondsOfSilence) {
  for (const DtlsRole role : {DtlsRole::client, DtlsRole::server}) {
    const auto session = client_->make({role, fingerprint_line(*server_)});
    const Instant began = virtual_now;
    session->start(virtual_now);
    std::size_t sent = 0;
    std::size_t timeouts = 0;
    Packet buffer(2000);
    while (session->state() == State::connecting && timeouts < 100) {
      while (session->poll_transmit(buffer) > 0) ++sent;
      virtual_now = session->next_timeout();
      session->handle_timeout(virtual_now);
      ++timeouts;
    }
    EXPECT_EQ(session->state(), State::failed);
    EXPECT_EQ(virtual_now - began, kMaxDtlsHandshake);
    // 100, 200, 400, 800, 1600 ms and then every 2 s.
    EXPECT_EQ(sent, role == DtlsRole::client ? 11u : 0u);
    EXPECT_EQ(session->next_timeout(), Instant::max());
  }
}

TEST_F(Dtls, ACloseIsHeardByThePeer) {
  DtlsLink link = make_link(*client_, *server_);
  link.settle();
  link.a->close(virtual_now);
  EXPECT_EQ(link.a->state(), State::closed);
  EXPECT_EQ(link.a->keys(), nullptr);
  link.settle();
  EXPECT_EQ(link.b->state(), State::closed);
  EXPECT_EQ(link.b->keys(), nullptr);
}

// Each datagram takes two seconds, by when OpenSSL would have sent its flights several times.
TEST_F(Dtls, NothingIsSentTwiceOnAStreamHoweverSlowItIs) {
  DtlsLink quick = make_link(*client_, *server_);
  quick.settle();
  DtlsLink slow = make_link(*client_, *server_);
  const auto late = [&](const Packet& datagram, std::size_t) -> std::vector<Packet> {
    virtual_now += 2s;
    slow.a->handle_timeout(virtual_now);
    slow.b->handle_timeout(virtual_now);
    return {datagram};
  };
  slow.a_to_b = slow.b_to_a = late;
  slow.a->set_reliable(true);
  slow.b->set_reliable(true);
  slow.settle();
  ASSERT_TRUE(slow.connected());
  EXPECT_EQ(slow.a_sent.size(), quick.a_sent.size());
  EXPECT_EQ(slow.b_sent.size(), quick.b_sent.size());
}

TEST_F(Dtls, WaitsOnAStreamForNothingButTheEndOfItsPatience) {
  DtlsLink link = make_link(*client_, *server_);
  link.a->set_reliable(true);
  EXPECT_EQ(link.a->next_timeout(), virtual_now + kMaxDtlsHandshake);
}

// The connection is gone with whatever was under way on it, and the handshake goes on over UDP.
TEST_F(Dtls, WhatWentDownWithAStreamIsSentAgainAtOnce) {
  DtlsLink link = make_link(*client_, *server_);
  link.b->set_reliable(true);
  const auto lost = [](const Packet&, std::size_t) { return std::vector<Packet>{}; };
  link.b_to_a = lost;
  link.settle();
  virtual_now += 3s;
  link.b->set_reliable(false);
  link.b_to_a = DtlsLink::pass;
  const std::size_t sent = link.b_sent.size();
  EXPECT_LE(link.b->next_timeout(), virtual_now);
  link.b->handle_timeout(virtual_now);
  link.settle();
  EXPECT_GT(link.b_sent.size(), sent);
  link.run(1s);
  EXPECT_TRUE(link.connected());
}

}  // namespace
}  // namespace porthole::crypto
