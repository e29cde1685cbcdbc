// Clients that read slowly, or not at all: what waits for them is little, and its owner knows that it waits.
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include "io/tcp_port.hpp"
#include "unit/io/tcp_fixture.hpp"
#include "unit/io/tls_socket.hpp"

namespace porthole::io {
namespace {

using Sent = TcpPort::Sent;
using test::TcpClient;
using test::TlsSocket;
using test::turn_greeting;

// As media leaves: node::kMaxStreamBatch.
constexpr std::size_t kBatch = 16 << 10;
// What the kernel may hold unsent, and what waits here behind it: see tcp_stream.cpp.
constexpr std::size_t kHeldBack = (8 << 10) + 2 * kBatch;
// What a client's kernel takes of what its program does not read, by default.
constexpr std::size_t kKernelWindow = 128 << 10;

class SlowClientTest : public test::TcpFixture {
 protected:
  // Gives batches for as long as they are taken; returns how many bytes that were.
  std::size_t fill(ConnectionId connection, std::size_t most) {
    std::size_t given = 0;
    for (Sent sent = Sent::sent; sent == Sent::sent && given < most; given += kBatch) {
      sent = push_to(connection, std::string(kBatch, static_cast<char>('a' + given / kBatch % 26)));
      EXPECT_NE(sent, Sent::dropped);
    }
    return given;
  }

  ConnectionId greet(TlsSocket& client) {
    EXPECT_TRUE(run_until([&] { return client.connected(); }));
    streams_.last = ConnectionId::none;
    client.say(turn_greeting());
    EXPECT_TRUE(run_until([&] { return streams_.last != ConnectionId::none; }));
    return streams_.last;
  }
  using TcpFixture::greet;

  // Whose kernel takes no more than `window` before it is read, in segments as on a real network.
  static void narrow(int fd, int window) {
    set_option(fd, SOL_SOCKET, SO_RCVBUF, window);
    set_option(fd, IPPROTO_TCP, TCP_WINDOW_CLAMP, window);
  }
};

TEST_F(SlowClientTest, IsSaidToBeBlockedUntilItHasTakenWhatWaits) {
  listen();
  TcpClient client(address_);
  const ConnectionId id = greet(client);
  EXPECT_EQ(push_to(id, "a little"), Sent::sent);
  std::size_t given = 8 + fill(id, 64 << 20);
  ASSERT_LT(given, 64U << 20) << "without anybody reading there must be an end";
  EXPECT_EQ(push_to(id, "behind"), Sent::blocked);
  given += 6;
  test::run_for(loop_, 50ms);
  EXPECT_TRUE(streams_.writable.empty());
  EXPECT_TRUE(run_until([&] { return client.received().size() == given; }));
  EXPECT_EQ(streams_.writable, std::vector{id});
  EXPECT_TRUE(client.received().ends_with("behind"));
  EXPECT_EQ(push_to(id, "again"), Sent::sent);
}

TEST_F(SlowClientTest, HasLittleWaitingForItHoweverSlowlyItReads) {
  listen();
  TcpClient client(address_);
  narrow(client.fd(), 16 << 10);
  const ConnectionId id = greet(client);
  std::size_t given = fill(id, 64 << 20);
  streams_.on_writable = [&](const FiveTuple& path) { given += fill(path.connection, 64 << 20); };
  std::size_t read = 0;
  std::size_t most_waiting = 0;
  std::array<char, 8 << 10> buffer{};
  const auto read_some = [&] {
    const ssize_t size = recv(client.fd(), buffer.data(), buffer.size(), 0);
    if (size > 0) read += static_cast<std::size_t>(size);
    // The first moments are those of the window before it was narrowed.
    if (read > (256 << 10)) most_waiting = std::max(most_waiting, given - read);
    return read > (2 << 20);
  };
  EXPECT_TRUE(run_until(read_some, 30s));
  EXPECT_LE(most_waiting, kHeldBack + kKernelWindow);
}

// Thirty that read, one that never does, all over TLS.
TEST_F(SlowClientTest, ThatNeverReadsCostsLittleAndHoldsUpNobody) {
  constexpr std::size_t kEach = 1 << 20;
  listen();
  port_->use_tls(crypto::test::make_tls_context());
  std::vector<std::unique_ptr<TlsSocket>> clients;
  std::map<ConnectionId, std::size_t> given;
  for (int i = 0; i < 31; ++i) {
    clients.push_back(std::make_unique<TlsSocket>(address_));
    given[greet(*clients.back())] = 0;
  }
  const auto go_on = [&](ConnectionId id) { given[id] += fill(id, kEach - given[id]); };
  streams_.on_writable = [&](const FiveTuple& path) { go_on(path.connection); };
  for (const auto& [id, bytes] : given) go_on(id);
  for (std::size_t i = 1; i < clients.size(); ++i) {
    EXPECT_TRUE(run_until([&] { return clients[i]->heard().size() == kEach; })) << i;
  }
  // What its kernel holds for it, and what is held back here.
  EXPECT_LE(given.begin()->second, kKernelWindow + kHeldBack);
  EXPECT_EQ(port_->connections(), clients.size());
}

}  // namespace
}  // namespace porthole::io
