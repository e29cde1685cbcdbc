#include <gmock/gmock.h>

#include "crypto/tls.hpp"
#include "support/seeded_random.hpp"
#include "unit/crypto/tls_client.hpp"

namespace porthole::crypto {
namespace {

using namespace std::string_literals;
using test::TlsClient;
using test::TlsLink;
using State = TlsSession::State;

constexpr std::size_t kAlert = 7;  // A record of an alert in clear.

TEST(HostileTls, HalfAClientHelloMakesNothingHappen) {
  const std::string hello = TlsClient().take();
  for (std::size_t size = 0; size < hello.size(); ++size) {
    TlsLink link;
    link.deliver(hello.substr(0, size));
    EXPECT_EQ(link.session->state(), State::handshaking) << size;
    EXPECT_TRUE(link.out.empty()) << size;
    EXPECT_FALSE(link.say("nobody is there"));
  }
}

TEST(HostileTls, AHandshakeThatStallsHoldsNothingToSend) {
  TlsLink link;
  link.deliver(link.client.take());
  EXPECT_EQ(link.session->state(), State::handshaking);
  EXPECT_FALSE(link.out.empty());
  EXPECT_FALSE(link.say("nobody is there yet"));
  const std::size_t flight = link.out.size();
  link.deliver("");
  EXPECT_EQ(link.out.size(), flight);
}

TEST(HostileTls, WhatIsNotTlsGetsAnAlertAtMost) {
  porthole::test::SeededRandom random(7);
  for (int round = 0; round < 500; ++round) {
    std::vector<std::uint8_t> junk(random.u32() % 600);
    random.fill(junk);
    TlsLink link;
    link.deliver("\x16\x03\x01"s + std::string(as_text(junk)));
    EXPECT_LE(link.out.size(), kAlert);
    EXPECT_NE(link.session->state(), State::open);
  }
}

TEST(HostileTls, AClientHelloThatIsDamagedNeverOpensASession) {
  const std::string hello = TlsClient().take();
  for (std::size_t at = 0; at < hello.size(); ++at) {
    TlsLink link;
    std::string damaged = hello;
    damaged[at] = static_cast<char>(damaged[at] ^ 0xFF);
    link.deliver(damaged);
    EXPECT_NE(link.session->state(), State::open) << at;
  }
}

TEST(HostileTls, ARecordThatIsNotGenuineEndsTheSessionAndIsNotDelivered) {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsLink link({.version = version});
    link.settle();
    link.client.say("good");
    link.client.say("evil");
    std::string records = link.client.take();
    records.back() = static_cast<char>(records.back() ^ 1);
    link.deliver(records);
    EXPECT_EQ(link.heard, "good");
    EXPECT_EQ(link.session->state(), State::failed);
    EXPECT_FALSE(link.out.empty());
    EXPECT_FALSE(link.say("no more"));
    link.client.say("ignored");
    link.deliver(link.client.take());
    EXPECT_EQ(link.heard, "good");
  }
}

TEST(HostileTls, ARecordThatComesTwiceEndsTheSession) {
  TlsLink link;
  link.settle();
  link.client.say("once");
  const std::string record = link.client.take();
  link.deliver(record + record);
  EXPECT_EQ(link.heard, "once");
  EXPECT_EQ(link.session->state(), State::failed);
}

TEST(HostileTls, JunkBehindTheHandshakeEndsTheSession) {
  for (const std::string& junk :
       {"GET / HTTP/1.1\r\n\r\n"s, "\x16\x03\x03\x00\x01\x00"s, "\x17\x03\x03\xff\xff"s,
        "\x15\x03\x03\x00\x02\x02\x28"s, "\x14\x03\x03\x00\x01\x01"s}) {
    TlsLink link;
    link.settle();
    link.deliver(junk);
    EXPECT_EQ(link.session->state(), State::failed) << junk;
    EXPECT_TRUE(link.heard.empty());
  }
}

TEST(HostileTls, OldVersionsAreRefused) {
  // A ClientHello of TLS 1.0 with one cipher and nothing else.
  const std::string hello = "\x16\x03\x01\x00\x2d\x01\x00\x00\x29\x03\x01"s + std::string(32, 'r') +
                            "\x00\x00\x02\x00\x2f\x01\x00"s;
  TlsLink link;
  link.deliver(hello);
  EXPECT_EQ(link.session->state(), State::failed);
  EXPECT_EQ(link.out.size(), kAlert);
}

TEST(HostileTls, RenegotiationIsRefused) {
  TlsLink link({.version = TLS1_2_VERSION});
  link.settle();
  SSL_renegotiate(link.client.ssl());
  SSL_do_handshake(link.client.ssl());
  link.settle();
  EXPECT_EQ(SSL_num_renegotiations(link.client.ssl()), 1);
  EXPECT_THAT(link.client.problem(), testing::HasSubstr("no renegotiation"));
}

TEST(HostileTls, KeyUpdatesAreAnsweredAndTheirAnswerIsNotLost) {
  TlsLink link;
  link.settle();
  for (int i = 0; i < 5; ++i) {
    SSL_key_update(link.client.ssl(), SSL_KEY_UPDATE_REQUESTED);
    SSL_do_handshake(link.client.ssl());
    link.client.say("after");
    link.settle();
    ASSERT_TRUE(link.say("still understood"));
    link.reply();
  }
  EXPECT_EQ(link.heard, "afterafterafterafterafter");
  EXPECT_EQ(link.client.heard().size(), 5 * "still understood"s.size());
  EXPECT_FALSE(link.client.failed());
}

}  // namespace
}  // namespace porthole::crypto
