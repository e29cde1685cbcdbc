#include "crypto/tls.hpp"

#include <gmock/gmock.h>

#include "unit/crypto/issued.hpp"
#include "unit/crypto/tls_client.hpp"

namespace porthole::crypto {
namespace {

using namespace std::string_view_literals;
using test::TlsClient;
using test::TlsClientOptions;
using test::TlsLink;
using testing::HasSubstr;
using State = TlsSession::State;

class TlsVersions : public testing::TestWithParam<int> {
 protected:
  TlsLink connected() {
    TlsLink link({.version = GetParam()});
    link.settle();
    EXPECT_EQ(link.session->state(), State::open);
    EXPECT_TRUE(link.client.connected());
    return link;
  }
};

INSTANTIATE_TEST_SUITE_P(Tls, TlsVersions, testing::Values(TLS1_2_VERSION, TLS1_3_VERSION),
                         [](const auto& version) { return version.param == TLS1_2_VERSION ? "v12" : "v13"; });

TEST_P(TlsVersions, CarriesBytesBothWays) {
  TlsLink link = connected();
  link.client.say("GET / HTTP/1.1\r\n");
  link.settle();
  EXPECT_EQ(link.heard, "GET / HTTP/1.1\r\n");
  EXPECT_TRUE(link.say("HTTP/1.1 200 OK\r\n"));
  link.reply();
  EXPECT_EQ(link.client.heard(), "HTTP/1.1 200 OK\r\n");
}

TEST_P(TlsVersions, TakesBytesHoweverTheyAreSplit) {
  for (const std::size_t step : {1U, 2U, 3U, 5U, 7U, 64U, 1000U}) {
    TlsLink link({.version = GetParam()});
    link.settle(step);
    link.client.say("split");
    link.settle(step);
    EXPECT_EQ(link.heard, "split") << step;
  }
}

TEST_P(TlsVersions, TakesManyRecordsAtOnce) {
  TlsLink link = connected();
  std::string expected;
  for (int i = 0; i < 100; ++i) {
    const std::string text = std::to_string(i) + std::string(static_cast<std::size_t>(i) * 300, 'x');
    link.client.say(text);
    expected += text;
  }
  link.settle();
  EXPECT_EQ(link.heard, expected);
}

// How many records there are in whole ones.
std::size_t records_in(Bytes ciphertext) {
  std::size_t count = 0;
  for (; ciphertext.size() >= 5; ++count) ciphertext = ciphertext.subspan(5 + load_u16(&ciphertext[3]));
  EXPECT_TRUE(ciphertext.empty());
  return count;
}

TEST_P(TlsVersions, UsesOneRecordWhereItFitsAndAsFewAsPossibleOtherwise) {
  TlsLink link = connected();
  for (const std::size_t size : {1UL, 1200UL, kMaxTlsPlaintext, kMaxTlsPlaintext + 1, 65'507UL}) {
    link.out.clear();
    ASSERT_TRUE(link.say(std::string(size, 'x')));
    EXPECT_EQ(records_in(link.out), (size + kMaxTlsPlaintext - 1) / kMaxTlsPlaintext) << size;
    EXPECT_LE(link.out.size(), max_tls_ciphertext(size));
  }
}

TEST_P(TlsVersions, CarriesWhatIsLargerThanManyRecords) {
  TlsLink link = connected();
  std::string text(1'000'000, '\0');
  for (std::size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>(i * 7 % 251);
  ASSERT_TRUE(link.say(text));
  link.reply();
  EXPECT_EQ(link.client.heard(), text);
}

TEST_P(TlsVersions, HearsAGoodbyeAndMayStillAnswer) {
  TlsLink link = connected();
  link.client.say("last question");
  link.client.say_goodbye();
  link.deliver(link.client.take());
  EXPECT_EQ(link.session->state(), State::input_ended);
  EXPECT_EQ(link.heard, "last question");
  EXPECT_TRUE(link.say("last answer"));
  link.reply();
  EXPECT_EQ(link.client.heard(), "last answer");
}

TEST_P(TlsVersions, SaysGoodbyeOnce) {
  TlsLink link = connected();
  link.session->close(link.out);
  EXPECT_EQ(link.session->state(), State::closed);
  EXPECT_FALSE(link.say("too late"));
  link.reply();
  EXPECT_TRUE(link.client.heard_goodbye());
  link.session->close(link.out);
  EXPECT_TRUE(link.out.empty());
}

TEST_P(TlsVersions, ResumesASessionByItsTicket) {
  const auto context = test::make_tls_context();
  TlsLink first({.version = GetParam()}, context);
  first.settle();
  ASSERT_TRUE(first.say("x"));  // TLS 1.3 brings the ticket behind the handshake.
  first.reply();
  const std::unique_ptr<SSL_SESSION, decltype(&SSL_SESSION_free)> ticket(SSL_get1_session(first.client.ssl()),
                                                                         SSL_SESSION_free);
  TlsLink again({.version = GetParam(), .session = ticket.get()}, context);
  again.settle();
  EXPECT_EQ(SSL_session_reused(again.client.ssl()), 1);
  EXPECT_EQ(SSL_SESSION_get_max_early_data(ticket.get()), 0U);
  // A new context, after a new certificate say, asks for a whole handshake.
  TlsLink elsewhere({.version = GetParam(), .session = ticket.get()});
  elsewhere.settle();
  EXPECT_TRUE(elsewhere.client.connected());
  EXPECT_EQ(SSL_session_reused(elsewhere.client.ssl()), 0);
}

TEST(Tls, SessionsOutliveTheirContext) {
  auto context = test::make_tls_context();
  TlsLink link({}, context);
  context.reset();
  link.settle();
  EXPECT_EQ(link.session->state(), State::open);
}

TEST(Tls, ShowsTheWholeChain) {
  const test::Issued root = test::issue("root", nullptr);
  const test::Issued middle = test::issue("middle", &root);
  const test::Issued leaf = test::issue("leaf", &middle);
  const std::string chain = test::pem_of(leaf.x509.get()) + test::pem_of(middle.x509.get());
  const auto certificate = Certificate::from_pem(as_bytes(chain), as_bytes(test::pem_of(leaf.key.get())));
  ASSERT_TRUE(certificate) << certificate.error();
  TlsLink link({}, TlsContext::create(*certificate).value());
  link.settle();
  EXPECT_EQ(sk_X509_num(SSL_get_peer_cert_chain(link.client.ssl())), 2);
}

TEST(Tls, SaysWhyACertificateIsRefused) {
  const test::Issued weak = test::issue("leaf", nullptr, test::rsa_key(512));
  const std::string pem = test::pem_of(weak.x509.get());
  const auto certificate = Certificate::from_pem(as_bytes(pem), as_bytes(test::pem_of(weak.key.get())));
  ASSERT_TRUE(certificate) << certificate.error();
  const auto context = TlsContext::create(*certificate);
  ASSERT_FALSE(context);
  EXPECT_THAT(context.error(), HasSubstr("too small"));
}

std::string chosen_protocol(std::string_view offered) {
  TlsLink link({.alpn = std::string(offered)});
  link.settle();
  EXPECT_TRUE(link.client.connected()) << offered;
  return link.client.alpn();
}

// RFC 7443 section 4.
TEST(Tls, ConfirmsTheProtocolsThatItKnows) {
  EXPECT_EQ(chosen_protocol("\x09stun.turn"), "stun.turn");
  EXPECT_EQ(chosen_protocol("\x12stun.nat-discovery"), "stun.nat-discovery");
  EXPECT_EQ(chosen_protocol("\x02h2\x08http/1.1"), "http/1.1");
}

TEST(Tls, NeedsNoProtocolAndIgnoresUnknownOnes) {
  EXPECT_EQ(chosen_protocol(""), "");
  EXPECT_EQ(chosen_protocol("\x02h2"), "");
  EXPECT_EQ(chosen_protocol("\x04spdy\x09something"), "");
}

TEST(Tls, OffersForwardSecrecyAndAeadOnly) {
  for (const char* ciphers :
       {"AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-SHA256", "DHE-RSA-AES128-GCM-SHA256"}) {
    TlsLink link({.version = TLS1_2_VERSION, .ciphers = ciphers});
    link.settle();
    EXPECT_EQ(link.session->state(), State::failed) << ciphers;
    EXPECT_THAT(link.client.problem(), HasSubstr("handshake failure")) << ciphers;
  }
}

TEST(Tls, AsksAgainForAKeyShareThatItCanUse) {
  // RFC 8446 section 4.1.4: HelloRetryRequest.
  TlsLink link({.groups = "P-521:X25519"});
  link.settle();
  EXPECT_TRUE(link.client.connected());
}

}  // namespace
}  // namespace porthole::crypto
