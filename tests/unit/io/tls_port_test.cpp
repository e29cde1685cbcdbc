#include <gmock/gmock.h>

#include "io/tcp_port.hpp"
#include "unit/io/tcp_fixture.hpp"
#include "unit/io/tls_socket.hpp"

namespace porthole::io {
namespace {

using namespace std::string_literals;
using test::ip;
using test::TcpClient;
using test::TlsSocket;
using test::turn_greeting;
using testing::ElementsAre;

constexpr const char* kRequest = "GET /page HTTP/1.1\r\nHost: x\r\n\r\n";

class TlsPortTest : public test::TcpFixture {
 protected:
  void listen(const TcpOptions& options = {}) {
    test::TcpFixture::listen(options);
    port_->use_tls(crypto::test::make_tls_context());
  }

  // A client whose stream the handler knows; the number that it has there.
  ConnectionId greet(TlsSocket& client) {
    EXPECT_TRUE(run_until([&] { return client.connected(); }));
    streams_.last = ConnectionId::none;
    client.say(turn_greeting());
    EXPECT_TRUE(run_until([&] { return streams_.last != ConnectionId::none; }));
    return streams_.last;
  }
};

TEST_F(TlsPortTest, CarriesTurnAndHttpBesideTheSameInClear) {
  listen();
  TlsSocket turns(address_);
  TlsSocket https(address_);
  TcpClient turn(address_);
  TcpClient http(address_);
  const ConnectionId encrypted = greet(turns);
  const ConnectionId clear = test::TcpFixture::greet(turn);
  EXPECT_EQ(streams_.received[encrypted], turn_greeting());
  EXPECT_EQ(streams_.paths[encrypted].transport, Transport::tls);
  EXPECT_EQ(streams_.paths[encrypted].remote, turns.tcp.local());
  EXPECT_EQ(streams_.paths[clear].transport, Transport::tcp);
  https.say(kRequest);
  http.send(kRequest);
  EXPECT_TRUE(run_until([&] { return https.connected() && http.received().ends_with("page /page"); }));
  https.say(kRequest);
  EXPECT_TRUE(run_until([&] { return https.heard().ends_with("page /page"); }));
  EXPECT_EQ(pages_.requests.front().via.transport, Transport::tcp);
  EXPECT_EQ(pages_.requests.back().via.transport, Transport::tls);
}

TEST_F(TlsPortTest, SpeaksTls12AndTls13) {
  listen();
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsSocket client(address_, {.version = version});
    const ConnectionId connection = greet(client);
    EXPECT_TRUE(send_to(connection, "answer"));
    EXPECT_TRUE(run_until([&] { return client.heard() == "answer"; }));
  }
}

// Some clients take a record for a message.
TEST_F(TlsPortTest, EachSegmentOfABatchIsARecord) {
  listen();
  TlsSocket client(address_);
  const ConnectionId connection = greet(client);
  client.exchange();
  const std::size_t before = client.tcp.received().size();
  batch_.segment_size = 100;
  ASSERT_TRUE(send_to(connection, std::string(250, 'x')));
  ASSERT_TRUE(run_until([&] { return client.heard() == std::string(250, 'x'); }));
  const Bytes raw = as_bytes(client.tcp.received());
  std::vector<std::size_t> sizes;
  for (std::size_t at = before; at < raw.size(); at += 5 + sizes.back())
    sizes.push_back(load_u16(&raw[at + 3]));
  // RFC 8446 section 5.2: the content type and the tag are inside.
  EXPECT_THAT(sizes, ElementsAre(117, 117, 67));
}

TEST_F(TlsPortTest, UnderstandsClientsThatSendByteByByte) {
  listen();
  TlsSocket client(address_);
  const std::string hello = client.tls.take();
  for (const char byte : hello) {
    client.tcp.send({&byte, 1});
    test::run_for(loop_, 1ms);
  }
  const ConnectionId connection = greet(client);
  EXPECT_EQ(streams_.received[connection], turn_greeting());
}

TEST_F(TlsPortTest, AnswersSeveralRequestsOnOneConnectionAndSaysGoodbye) {
  listen();
  TlsSocket client(address_);
  ASSERT_TRUE(run_until([&] { return client.connected(); }));
  for (int i = 1; i <= 3; ++i) {
    client.say(kRequest);
    EXPECT_TRUE(run_until([&] { return client.heard().ends_with("page /page"); }));
    EXPECT_EQ(pages_.requests.size(), static_cast<std::size_t>(i));
  }
  client.say("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(run_until([&] { return client.heard().ends_with("page /") && client.tcp.ended(); }));
  EXPECT_TRUE(client.tls.heard_goodbye());
}

TEST_F(TlsPortTest, AnswersAClientThatSaysGoodbyeBehindItsRequest) {
  listen();
  TlsSocket client(address_);
  ASSERT_TRUE(run_until([&] { return client.connected(); }));
  client.tls.say(kRequest);
  client.tls.say_goodbye();
  client.flush();
  EXPECT_TRUE(run_until([&] { return client.heard().ends_with("page /page") && client.tcp.ended(); }));
}

TEST_F(TlsPortTest, SendsAnswersOfMegabytesWhole) {
  listen();
  const std::string body(3'000'000, 'b');
  pages_.answer = [&](const HttpRequest&, HttpReply reply) {
    reply({.status = 200, .headers = {}, .body = body});
  };
  TlsSocket client(address_);
  ASSERT_TRUE(run_until([&] { return client.connected(); }));
  client.say(kRequest);
  EXPECT_TRUE(run_until([&] { return client.heard().ends_with("\r\n\r\n" + body); }));
}

TEST_F(TlsPortTest, ClosesWhatShowsNothingKnownInsideOfTls) {
  listen();
  // Another protocol, TLS in TLS, the PROXY protocol, and ICE-TCP.
  for (const std::string& text : {"SSH-2.0-OpenSSH_9.2\r\n"s, crypto::test::TlsClient().take(),
                                  "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n"s, "\0\x14"s + turn_greeting()}) {
    TlsSocket client(address_);
    ASSERT_TRUE(run_until([&] { return client.connected(); }));
    client.say(text);
    EXPECT_TRUE(run_until([&] { return client.tcp.ended(); })) << text;
  }
  EXPECT_TRUE(streams_.paths.empty());
  EXPECT_EQ(port_->connections(), 0U);
}

TEST_F(TlsPortTest, ClosesWhatIsNotTlsAfterAllWithAnAlert) {
  listen();
  TcpClient client(address_);
  client.send("\x16\x03\x01\x00\x05hello"s);
  EXPECT_TRUE(run_until([&] { return client.ended(); }));
  EXPECT_EQ(client.received().substr(0, 1), "\x15");
}

TEST_F(TlsPortTest, ClosesTlsWhereThereIsNoCertificate) {
  test::TcpFixture::listen();
  TlsSocket client(address_);
  client.flush();
  EXPECT_TRUE(run_until([&] { return client.tcp.ended(); }));
}

TEST_F(TlsPortTest, NewConnectionsTakeTheNewCertificateAndOldOnesGoOn) {
  listen();
  TlsSocket before(address_);
  const ConnectionId connection = greet(before);
  port_->use_tls(crypto::test::make_tls_context());
  TlsSocket after(address_);
  greet(after);
  EXPECT_TRUE(send_to(connection, "still here"));
  EXPECT_TRUE(run_until([&] { return before.heard() == "still here"; }));
  EXPECT_NE(X509_cmp(SSL_get0_peer_certificate(before.tls.ssl()), SSL_get0_peer_certificate(after.tls.ssl())),
            0);
}

TEST_F(TlsPortTest, SaysGoodbyeToClientsThatItsOwnerCloses) {
  listen();
  TlsSocket client(address_);
  port_->close(greet(client));
  EXPECT_TRUE(run_until([&] { return client.tcp.ended(); }));
  client.exchange();
  EXPECT_TRUE(client.tls.heard_goodbye());
  EXPECT_TRUE(streams_.closed.empty());
}

TEST_F(TlsPortTest, EndsAStreamWhoseClientSaysGoodbye) {
  listen();
  TlsSocket client(address_);
  const ConnectionId connection = greet(client);
  client.tls.say_goodbye();
  client.flush();
  EXPECT_TRUE(run_until([&] { return client.tcp.ended(); }));
  EXPECT_THAT(streams_.closed, ElementsAre(connection));
}

}  // namespace
}  // namespace porthole::io
