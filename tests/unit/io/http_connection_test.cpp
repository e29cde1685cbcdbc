#include "io/http_connection.hpp"

#include <gmock/gmock.h>

#include "unit/io/tcp_fixture.hpp"

namespace porthole::io {
namespace {

using test::TcpClient;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

const std::string kGet = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n";

class HttpConnectionTest : public test::TcpFixture {
 protected:
  // Sends and waits until the answer ends with `end`, or the server closed.
  std::string exchange(TcpClient& client, std::string_view text, std::string_view end) {
    client.send(text);
    run_until([&] { return client.received().ends_with(end) || client.ended(); });
    return client.received();
  }

  // The answer to a request after which the server closes.
  std::string last_answer(std::string_view text) {
    TcpClient client(address_);
    client.send(text);
    EXPECT_TRUE(run_until([&] { return client.ended(); }));
    return client.received();
  }

  std::vector<std::string> paths() const {
    std::vector<std::string> paths;
    for (const HttpRequest& request : pages_.requests) paths.push_back(request.path);
    return paths;
  }
};

TEST_F(HttpConnectionTest, AnUpgradeMakesTheConnectionAStream) {
  listen();
  pages_.answer = [](const HttpRequest&, const HttpReply& reply) {
    reply({.status = 101, .headers = {{"Upgrade", "websocket"}}, .body = {}});
  };
  TcpClient client(address_);
  const std::string answer = exchange(client, kGet + "first words", "\r\n\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 101 Switching Protocols\r\n"));
  EXPECT_THAT(answer, HasSubstr("\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"));
  EXPECT_THAT(answer, Not(HasSubstr("Content-Length")));
  ASSERT_TRUE(run_until([&] { return streams_.last != ConnectionId::none; }));
  EXPECT_EQ(streams_.received[streams_.last], "first words");
  client.send(", more");
  EXPECT_TRUE(run_until([&] { return streams_.received[streams_.last] == "first words, more"; }));
  EXPECT_EQ(port_->write(streams_.last, as_bytes("hello")), TcpPort::Sent::sent);
  EXPECT_TRUE(run_until([&] { return client.received().ends_with("hello"); }));
  EXPECT_EQ(pages_.requests.size(), 1U);
}

TEST_F(HttpConnectionTest, AStreamThatIsFinishedSendsAllOfItAndIsNotHeardOfAgain) {
  listen();
  pages_.answer = [](const HttpRequest&, const HttpReply& reply) {
    reply({.status = 101, .headers = {{"Upgrade", "websocket"}}, .body = {}});
  };
  TcpClient client(address_);
  exchange(client, kGet + "x", "\r\n\r\n");
  ASSERT_TRUE(run_until([&] { return streams_.last != ConnectionId::none; }));
  const std::string much(8 << 20, 'y');
  EXPECT_EQ(port_->write(streams_.last, as_bytes(much)), TcpPort::Sent::blocked);
  port_->finish(streams_.last);
  EXPECT_EQ(port_->write(streams_.last, as_bytes("too late")), TcpPort::Sent::dropped);
  ASSERT_TRUE(run_until([&] { return client.ended(); }));
  EXPECT_EQ(client.received().size(), client.received().find("\r\n\r\n") + 4 + much.size());
  EXPECT_THAT(streams_.closed, testing::IsEmpty());
}

TEST_F(HttpConnectionTest, AStreamSaysWhenItTakesMore) {
  listen();
  pages_.answer = [](const HttpRequest&, const HttpReply& reply) {
    reply({.status = 101, .headers = {{"Upgrade", "websocket"}}, .body = {}});
  };
  TcpClient client(address_);
  exchange(client, kGet + "x", "\r\n\r\n");
  ASSERT_TRUE(run_until([&] { return streams_.last != ConnectionId::none; }));
  const std::string much(8 << 20, 'y');
  ASSERT_EQ(port_->write(streams_.last, as_bytes(much)), TcpPort::Sent::blocked);
  EXPECT_THAT(streams_.writable, testing::IsEmpty());
  EXPECT_TRUE(run_until([&] {
    (void)client.received();
    return streams_.writable.size() == 1;
  }));
}

TEST_F(HttpConnectionTest, HandsOverARequestInParts) {
  listen();
  TcpClient client(address_);
  const std::string answer = exchange(client,
                                      "POST /whep/front%20door?path=turn%2Dudp HTTP/1.1\r\nHost: x\r\n"
                                      "content-type: application/sdp\r\nContent-Length: 3\r\n\r\nv=0",
                                      "page /whep/front door");
  ASSERT_EQ(pages_.requests.size(), 1u);
  const HttpRequest& request = pages_.requests[0];
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.path, "/whep/front door");
  EXPECT_EQ(request.query, "path=turn%2Dudp");
  EXPECT_EQ(request.header("Content-Type"), "application/sdp");
  EXPECT_EQ(request.body, "v=0");
  EXPECT_EQ(request.via.remote, client.local());
  EXPECT_EQ(request.via.local, address_);
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\nDate: "));
  EXPECT_THAT(answer, HasSubstr("\r\nServer: porthole\r\nContent-Length: 21\r\n\r\npage"));
}

TEST_F(HttpConnectionTest, KeepsTheConnectionForFurtherRequests) {
  listen();
  TcpClient client(address_);
  exchange(client, kGet, "page /a");
  exchange(client, "GET /b HTTP/1.1\r\nHost: x\r\n\r\n", "page /b");
  EXPECT_THAT(paths(), ElementsAre("/a", "/b"));
  EXPECT_FALSE(client.ended());
}

TEST_F(HttpConnectionTest, ClosesWhenTheClientAsksForIt) {
  listen();
  EXPECT_THAT(last_answer("GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
              HasSubstr("Connection: close\r\n\r\npage /a"));
  EXPECT_THAT(last_answer("GET /a HTTP/1.0\r\n\r\n"), HasSubstr("Connection: close\r\n\r\npage /a"));
  TcpClient old(address_);
  EXPECT_THAT(exchange(old, "GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "page /a"),
              HasSubstr("Connection: keep-alive\r\n"));
  EXPECT_FALSE(old.ended());
}

TEST_F(HttpConnectionTest, AnswersPipelinedRequestsInOrderWhateverTheHandlerTakes) {
  listen();
  std::vector<std::function<void()>> replies;
  pages_.answer = [&](const HttpRequest& request, HttpReply reply) {
    replies.push_back(
        [reply, path = request.path] { reply({.status = 200, .headers = {}, .body = path + ";"}); });
  };
  TcpClient client(address_);
  client.send(kGet + "GET /b HTTP/1.1\r\nHost: x\r\n\r\nGET /c HTTP/1.1\r\nHost: x\r\n\r\n");
  for (std::size_t i = 0; i < 3; ++i) {
    ASSERT_TRUE(run_until([&] { return replies.size() == i + 1; }));
    EXPECT_EQ(pages_.requests.size(), i + 1);
    replies[i]();
    replies[i]();  // A second reply must not answer the next request.
  }
  ASSERT_TRUE(run_until([&] { return client.received().ends_with("/c;"); }));
  const std::string& all = client.received();
  EXPECT_LT(all.find("/a;"), all.find("/b;"));
  EXPECT_LT(all.find("/b;"), all.find("/c;"));
}

TEST_F(HttpConnectionTest, AnswersThousandsOfPipelinedRequestsWithoutRecursion) {
  listen();
  int depth = 0;
  int deepest = 0;
  pages_.answer = [&](const HttpRequest&, HttpReply reply) {
    deepest = std::max(deepest, ++depth);
    reply({});
    --depth;
  };
  TcpClient client(address_);
  std::string many;
  for (int i = 0; i < 2000; ++i) many += kGet;
  std::size_t sent = 0;
  EXPECT_TRUE(run_until([&] {
    sent += client.send(std::string_view(many).substr(sent));
    client.received();
    return pages_.requests.size() == 2000;
  }));
  EXPECT_EQ(deepest, 1);
}

TEST_F(HttpConnectionTest, WaitsForAClientThatAsksMuchAndReadsNothing) {
  listen();
  pages_.answer = [](const HttpRequest&, HttpReply reply) {
    reply({.status = 200, .headers = {}, .body = std::string(1 << 20, 'x')});
  };
  TcpClient client(address_);
  std::string many;
  for (int i = 0; i < 1000; ++i) many += kGet;
  client.send(many);
  test::run_for(loop_, 200ms);
  // The kernel's buffers hold a few answers; ours holds one.
  EXPECT_LT(pages_.requests.size(), 50u);
  EXPECT_FALSE(pages_.requests.empty());
  EXPECT_TRUE(run_until([&] { return client.received().size() > 12u << 20; }));
}

TEST_F(HttpConnectionTest, ReadsNoFurtherWhileARequestIsBeingAnswered) {
  listen();
  HttpReply never;
  pages_.answer = [&](const HttpRequest&, HttpReply reply) { never = std::move(reply); };
  TcpClient client(address_);
  client.send(kGet);
  ASSERT_TRUE(run_until([&] { return never != nullptr; }));
  // Until the kernel's buffers are full on both sides.
  constexpr std::size_t kMuch = 40 << 20;
  const std::string block(1 << 20, 'x');
  std::size_t sent = 0;
  int refused_in_a_row = 0;
  EXPECT_TRUE(run_until([&] {
    const std::size_t taken = client.send(block);
    sent += taken;
    refused_in_a_row = taken == 0 ? refused_in_a_row + 1 : 0;
    return refused_in_a_row == 50 || sent > kMuch;
  }));
  EXPECT_LT(sent, kMuch);
}

TEST_F(HttpConnectionTest, RefusesABodyAboveTheLimitBeforeItIsSent) {
  listen();
  TcpClient client(address_);
  client.send("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 65537\r\n\r\n");
  // Bytes that are still under way must not reset the connection: that would take the answer away.
  for (int i = 0; i < 20; ++i) {
    test::run_for(loop_, 2ms);
    EXPECT_EQ(client.send(std::string(1000, 'x')), 1000u);
  }
  EXPECT_TRUE(run_until([&] { return client.ended(); }));
  EXPECT_THAT(client.received(), StartsWith("HTTP/1.1 413 Content Too Large\r\n"));
  EXPECT_TRUE(pages_.requests.empty());
  client.finish();
  EXPECT_TRUE(run_until([&] { return port_->connections() == 0; }, 1s));
}

TEST_F(HttpConnectionTest, RefusesAChunkedBodyAboveTheLimit) {
  listen();
  std::string request = "POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (int i = 0; i < 17; ++i) request += "1000\r\n" + std::string(4096, 'x') + "\r\n";
  EXPECT_THAT(last_answer(request), StartsWith("HTTP/1.1 413 "));
}

TEST_F(HttpConnectionTest, TakesABodyUpToTheLimit) {
  listen();
  TcpClient client(address_);
  exchange(client, "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 65536\r\n\r\n" + std::string(65'536, 'x'),
           "page /a");
  ASSERT_EQ(pages_.requests.size(), 1u);
  EXPECT_EQ(pages_.requests[0].body, std::string(65'536, 'x'));
}

TEST_F(HttpConnectionTest, RefusesAHeaderAboveTheLimitOnly) {
  listen();
  TcpClient client(address_);
  exchange(client, "GET /a HTTP/1.1\r\nHost: x\r\nCookie: " + std::string(16'000, 'x') + "\r\n\r\n",
           "page /a");
  EXPECT_EQ(pages_.requests.size(), 1u);
  EXPECT_THAT(last_answer("GET /a HTTP/1.1\r\nHost: x\r\nCookie: " + std::string(17'000, 'x')),
              StartsWith("HTTP/1.1 431 "));
  EXPECT_THAT(last_answer("GET /" + std::string(17'000, 'x')), StartsWith("HTTP/1.1 431 "));
}

TEST_F(HttpConnectionTest, AnswersMalformedRequestsWith400AndCloses) {
  listen();
  for (const std::string_view text : {
           "GET /a HTTP/1.1\r\n\r\n",                        // No Host.
           "GET /a HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",  // Two.
           "GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n",
           "GET /%4 HTTP/1.1\r\nHost: x\r\n\r\n",
           "GET /a%0d%0ab HTTP/1.1\r\nHost: x\r\n\r\n",
           "GET a HTTP/1.1\r\nHost: x\r\n\r\n",
           "GET /a HTTP/9.1\r\nHost: x\r\n\r\n",
           "GET /a HTTP/1.1\r\nHost x\r\n\r\n",
           "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
           "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
           "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
           "POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
       }) {
    EXPECT_THAT(last_answer(text), StartsWith("HTTP/1.1 400 Bad Request\r\n")) << text;
  }
  EXPECT_TRUE(pages_.requests.empty());
}

TEST_F(HttpConnectionTest, BoundsChunkExtensionsThatNeverEnd) {
  listen();
  EXPECT_THAT(last_answer("POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1;" +
                          std::string(40'000, 'x')),
              StartsWith("HTTP/1.1 400 "));
}

TEST_F(HttpConnectionTest, LeavesTheBodyOutWhereHttpSaysSo) {
  listen();
  TcpClient client(address_);
  std::string answer = exchange(client, "HEAD /a HTTP/1.1\r\nHost: x\r\n\r\n", "\r\n\r\n");
  EXPECT_THAT(answer, HasSubstr("Content-Length: 7\r\n"));
  EXPECT_THAT(answer, Not(HasSubstr("page")));
  pages_.answer = [](const HttpRequest&, HttpReply reply) {
    reply({.status = 204, .headers = {}, .body = "no"});
  };
  TcpClient second(address_);
  answer = exchange(second, "DELETE /a HTTP/1.1\r\nHost: x\r\n\r\n", "\r\n\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 204 No Content\r\n"));
  EXPECT_THAT(answer, Not(HasSubstr("Content-Length")));
}

TEST_F(HttpConnectionTest, TellsAClientThatWaitsForItToSendTheBody) {
  listen();
  TcpClient client(address_);
  EXPECT_EQ(
      exchange(client, "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n",
               "\r\n\r\n"),
      "HTTP/1.1 100 Continue\r\n\r\n");
  exchange(client, "v=0", "page /a");
  ASSERT_EQ(pages_.requests.size(), 1u);
  EXPECT_EQ(pages_.requests[0].body, "v=0");
}

TEST_F(HttpConnectionTest, GivesAClientOfOneByteASecondNoMoreThanItsTime) {
  listen({.http = {.request = 100ms}});
  TcpClient client(address_);
  client.send("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\n");
  const Instant start = EventLoop::now();
  while (!client.ended() && EventLoop::now() - start < 2s) {
    client.send("x");
    test::run_for(loop_, 10ms);
  }
  EXPECT_THAT(client.received(), StartsWith("HTTP/1.1 408 Request Timeout\r\n"));
  EXPECT_LT(EventLoop::now() - start, 1s);
}

TEST_F(HttpConnectionTest, ClosesIdleConnectionsWithoutAWord) {
  listen({.http = {.idle = 50ms}});
  TcpClient client(address_);
  const std::string answer = exchange(client, kGet, "page /a");
  EXPECT_TRUE(run_until([&] { return client.ended(); }));
  EXPECT_EQ(client.received(), answer);
}

TEST_F(HttpConnectionTest, Answers503WhenTheHandlerNeverDoes) {
  listen({.http = {.reply = 50ms}});
  HttpReply late;
  pages_.answer = [&](const HttpRequest&, HttpReply reply) { late = std::move(reply); };
  EXPECT_THAT(last_answer(kGet), StartsWith("HTTP/1.1 503 Service Unavailable\r\n"));
  late({});
}

TEST_F(HttpConnectionTest, IgnoresRepliesForClientsThatLeft) {
  listen();
  HttpReply late;
  pages_.answer = [&](const HttpRequest&, HttpReply reply) { late = std::move(reply); };
  auto client = std::make_unique<TcpClient>(address_);
  client->send(kGet);
  ASSERT_TRUE(run_until([&] { return late != nullptr; }));
  client.reset();
  test::run_for(loop_, 5ms);
  late({.status = 200, .headers = {}, .body = "anybody?"});
  EXPECT_TRUE(run_until([&] { return port_->connections() == 0; }));
  TcpClient second(address_);
  second.send(kGet);
  ASSERT_TRUE(run_until([&] { return pages_.requests.size() == 2; }));
  port_.reset();
  late({});
}

TEST_F(HttpConnectionTest, AsksTheHandlerNothingMoreOnceItIsShutDown) {
  listen();
  pages_.answer = [this](const HttpRequest&, HttpReply reply) {
    port_->shut_down();
    reply({});
  };
  TcpClient client(address_);
  client.send(kGet + kGet);
  EXPECT_TRUE(run_until([&] { return client.ended(); }));
  EXPECT_EQ(pages_.requests.size(), 1u);
}

TEST_F(HttpConnectionTest, AnswersAClientThatHasFinishedSending) {
  listen();
  TcpClient client(address_);
  client.send(kGet);
  client.finish();
  EXPECT_TRUE(run_until([&] { return client.ended(); }));
  EXPECT_THAT(client.received(), HasSubstr("page /a"));
  TcpClient half(address_);
  half.send("GET /b HTT");
  half.finish();
  EXPECT_TRUE(run_until([&] { return half.ended(); }));
  EXPECT_EQ(half.received(), "");
}

}  // namespace
}  // namespace porthole::io
