#include <gmock/gmock.h>

#include "crypto/tls.hpp"
#include "support/seeded_random.hpp"
#include "unit/crypto/openssl_memory.hpp"
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

// Handshake bytes as records of so many bytes each.
std::string in_records(std::string_view bytes, std::size_t size) {
  std::string records;
  for (; !bytes.empty(); bytes.remove_prefix(std::min(size, bytes.size()))) {
    const std::string_view fragment = bytes.substr(0, size);
    records += "\x16\x03\x01"s + static_cast<char>(fragment.size() >> 8) + static_cast<char>(fragment.size());
    records += fragment;
  }
  return records;
}

// All but the last byte of a ClientHello that says that it has so many bytes.
std::string client_hello(std::uint32_t size) {
  std::string bytes(size + 3, 'x');
  store_u32(reinterpret_cast<std::uint8_t*>(bytes.data()), 0x0100'0000 | size);
  return bytes;
}

TEST(HostileTls, AHandshakeHoldsABoundedAmountOfMemory) {
  ASSERT_TRUE(test::counting);
  const auto context = test::make_tls_context();
  for (const std::size_t record : {3UL, 100UL, 16'000UL}) {
    TlsLink link({}, context);
    const std::size_t before = test::openssl_bytes;
    link.deliver(in_records(client_hello(kMaxTlsHandshakeMessage), record));
    EXPECT_EQ(link.session->state(), State::handshaking);
    EXPECT_LT(test::openssl_bytes, before + 70'000U) << record;
  }
}

TEST(HostileTls, AClientHelloThatSaysItIsTooLongIsRefusedBeforeThereIsRoomForIt) {
  const auto context = test::make_tls_context();
  for (const std::uint32_t size : {std::uint32_t{kMaxTlsHandshakeMessage} + 1, 100'000U, 0xFF'FFFFU}) {
    for (const std::size_t record : {1UL, 2UL, 4UL, 100UL}) {
      const std::string records = in_records(client_hello(size).substr(0, 100), record);
      TlsLink link({}, context);
      const std::size_t before = test::openssl_bytes;
      for (const char byte : records) link.deliver({&byte, 1});
      EXPECT_EQ(link.session->state(), State::failed) << size << " in records of " << record;
      EXPECT_EQ(link.out.size(), kAlert);
      EXPECT_LT(test::openssl_bytes, before + 70'000U) << size;
    }
  }
}

TEST(HostileTls, NeitherIsTheSecondClientHelloTooLong) {
  // RFC 8446 section 4.1.2: the answer to a HelloRetryRequest, after a change_cipher_spec for old
  // middleboxes.
  TlsLink link({.groups = "P-521:X25519"});
  link.deliver(link.client.take());
  ASSERT_FALSE(link.out.empty());
  link.deliver("\x14\x03\x03\x00\x01\x01"s + in_records(client_hello(100'000).substr(0, 100), 100));
  EXPECT_EQ(link.session->state(), State::failed);
}

TEST(HostileTls, AnIdleConnectionHoldsNoBuffers) {
  ASSERT_TRUE(test::counting);
  const auto context = test::make_tls_context();
  TlsLink link({}, context);
  link.settle();
  link.client.say("something");
  link.settle();
  ASSERT_TRUE(link.say("something else"));
  const std::size_t with = test::openssl_bytes;
  link.session.reset();
  EXPECT_LT(with - test::openssl_bytes, 20'000U);
}

}  // namespace
}  // namespace porthole::crypto
