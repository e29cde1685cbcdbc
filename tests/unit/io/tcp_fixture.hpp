// A TcpPort on loopback with handlers that note what they hear.
#pragma once

#include <map>

#include "io/tcp_port.hpp"
#include "unit/io/loopback.hpp"

namespace porthole::io::test {

// RFC 8489 section 5: an Allocate request without attributes, which is what a TURN client begins with.
inline std::string turn_greeting() {
  return std::string("\x00\x03\x00\x00\x21\x12\xa4\x42", 8) + "transaction!";
}

struct Streams : StreamHandler {
  void on_stream_data(const FiveTuple& path, Bytes bytes) override {
    paths[path.connection] = path;
    received[path.connection] += as_text(bytes);
    last = path.connection;
    if (on_data) on_data(path);
  }
  void on_stream_closed(const FiveTuple& path) override { closed.push_back(path.connection); }
  void on_stream_writable(const FiveTuple& path) override {
    writable.push_back(path.connection);
    if (on_writable) on_writable(path);
  }

  std::map<ConnectionId, FiveTuple> paths;
  std::map<ConnectionId, std::string> received;
  std::vector<ConnectionId> closed;
  std::vector<ConnectionId> writable;
  ConnectionId last = ConnectionId::none;
  std::function<void(const FiveTuple&)> on_data;
  std::function<void(const FiveTuple&)> on_writable;
};

struct Pages : HttpHandler {
  void handle(HttpRequest request, HttpReply reply) override {
    requests.push_back(std::move(request));
    if (answer) {
      answer(requests.back(), std::move(reply));
    } else {
      reply({.status = 200, .headers = {}, .body = "page " + requests.back().path});
    }
  }

  std::vector<HttpRequest> requests;
  std::function<void(const HttpRequest&, HttpReply)> answer;
};

class TcpFixture : public testing::Test {
 protected:
  void listen(const TcpOptions& options = {}, std::string_view address = "127.0.0.1") {
    port_ = std::make_unique<TcpPort>(loop_, streams_, pages_, options);
    const auto bound = port_->listen({ip(address), 0});
    ASSERT_TRUE(bound.ok()) << bound.error();
    address_ = *bound;
  }

  bool run_until(const std::function<bool()>& condition, Duration limit = 10s) {
    return test::run_until(loop_, condition, limit);
  }

  // A client whose stream the handler knows; the number that it has there.
  ConnectionId greet(TcpClient& client) {
    streams_.last = ConnectionId::none;
    EXPECT_EQ(client.send(turn_greeting()), turn_greeting().size());
    EXPECT_TRUE(run_until([&] { return streams_.last != ConnectionId::none; }));
    return streams_.last;
  }

  // False when nothing of it goes.
  bool send_to(ConnectionId connection, std::string_view text) {
    return push_to(connection, text) != TcpPort::Sent::dropped;
  }
  TcpPort::Sent push_to(ConnectionId connection, std::string_view text) {
    batch_.to = {.transport = Transport::tcp, .local = {}, .remote = {}, .connection = connection};
    batch_.size = text.size();
    std::copy(text.begin(), text.end(), batch_.buffer.begin());
    return port_->send(batch_);
  }

  EventLoop loop_;
  Streams streams_;
  Pages pages_;
  std::unique_ptr<TcpPort> port_;
  SocketAddress address_;
  TransmitBatch batch_;
};

}  // namespace porthole::io::test
