// Servers of two workers, and clients of which each has as many: what one of them has counts for both.
#include <gtest/gtest.h>
#include <poll.h>

#include <array>
#include <chrono>
#include <porthole/forwarder.hpp>
#include <porthole/server.hpp>
#include <thread>

#include "turn/credentials.hpp"
#include "turn/reservations.hpp"
#include "unit/io/loopback.hpp"
#include "wire/stun.hpp"

namespace porthole {
namespace {

using io::test::TcpClient;
using io::test::UdpClient;
using stun::Attribute;
using stun::Method;
using Buffer = std::vector<std::uint8_t>;
using Fill = std::function<void(stun::MessageBuilder&)>;

constexpr const char* kSecret = "forty characters that nobody can guess";
constexpr int kStaleNonce = 438;
// Of each worker.
constexpr std::size_t kClients = 3;

bool wait_for(int fd) {
  pollfd readable{.fd = fd, .events = POLLIN, .revents = 0};
  return poll(&readable, 1, 10'000) == 1;
}

// A TURN client that waits for each answer.
class Client {
 public:
  explicit Client(std::uint16_t port) : socket_({io::test::ip("127.0.0.1"), port}) {
    const auto lasts = std::chrono::system_clock::now().time_since_epoch() + std::chrono::hours(1);
    const auto credentials =
        turn::mint(kSecret, "viewer", std::chrono::duration_cast<std::chrono::seconds>(lasts).count());
    username_ = credentials.username;
    password_ = credentials.password;
    request(Method::allocate, udp_transport);
    realm_ = message_->text(Attribute::realm).value();
    nonce = message_->text(Attribute::nonce).value();
  }

  // The code of the error in the answer; 0 when it was none.
  int allocate(const Fill& more = [](stun::MessageBuilder&) {}) {
    return request(Method::allocate, [&](stun::MessageBuilder& builder) {
      udp_transport(builder);
      more(builder);
    });
  }
  int free() {
    return request(Method::refresh,
                   [](stun::MessageBuilder& builder) { builder.add_u32(Attribute::lifetime, 0); });
  }
  int bind(const SocketAddress& peer) {
    return request(Method::channel_bind, [&](stun::MessageBuilder& builder) {
      builder.add_u32(Attribute::channel_number, 0x40000000U);
      builder.add_xor_address(Attribute::xor_peer_address, peer);
    });
  }
  int permit(const SocketAddress& peer) {
    return request(Method::create_permission, [&](stun::MessageBuilder& builder) {
      builder.add_xor_address(Attribute::xor_peer_address, peer);
    });
  }
  const stun::Message& receive() {
    EXPECT_TRUE(wait_for(socket_.fd()));
    answer_ = socket_.received().back();
    message_ = stun::parse(as_bytes(answer_)).value();
    return *message_;
  }
  // What the last message says.
  const stun::Message& message() const { return *message_; }
  SocketAddress relayed() const { return message_->xor_address(Attribute::xor_relayed_address).value(); }

  std::string nonce;

 private:
  static void udp_transport(stun::MessageBuilder& builder) {
    builder.add_u32(Attribute::requested_transport, 17U << 24);
  }

  int request(Method method, const Fill& fill) {
    Buffer bytes(1024);
    ++transaction_[0];
    stun::MessageBuilder builder(bytes, stun::Class::request, method, transaction_);
    fill(builder);
    if (!nonce.empty()) {
      builder.add_text(Attribute::username, username_);
      builder.add_text(Attribute::realm, realm_);
      builder.add_text(Attribute::nonce, nonce);
      builder.add_integrity(turn::long_term_key(username_, realm_, password_));
    }
    socket_.send(as_text(builder.finish()));
    return receive().error_code().value_or(0);
  }

  UdpClient socket_;
  std::string username_, password_, realm_;
  stun::TransactionId transaction_{};
  std::string answer_;
  std::optional<stun::Message> message_;  // Borrows the answer.
};

// How many of that many connections at once are served.
int served(std::uint16_t port, int connections) {
  std::vector<std::unique_ptr<TcpClient>> clients;
  int served = 0;
  for (int i = 0; i < connections; ++i) {
    clients.push_back(std::make_unique<TcpClient>(SocketAddress{io::test::ip("127.0.0.1"), port}));
    TcpClient& client = *clients.back();
    pollfd writable{.fd = client.fd(), .events = POLLOUT, .revents = 0};
    EXPECT_EQ(poll(&writable, 1, 10'000), 1);
    client.send("GET /healthz HTTP/1.1\r\nHost: porthole\r\n\r\n");
    EXPECT_TRUE(wait_for(client.fd()));
    if (client.received().starts_with("HTTP/1.1 200")) ++served;
  }
  return served;
}

class ForwarderWorkersTest : public testing::Test {
 protected:
  ~ForwarderWorkersTest() override {
    if (!forwarder_) return;
    forwarder_->stop();
    thread_.join();
  }

  void start(const Limits& limits, const std::string& to = {}) {
    ForwarderOptions options;
    options.port = 0;
    options.listen = {"127.0.0.1"};
    options.to = {to.empty() ? peer_.local().to_string() : to};
    options.secrets = {kSecret};
    options.log_level = LogLevel::off;
    options.handle_signals = false;
    options.workers = 2;
    options.limits = limits;
    auto started = Forwarder::start(options);
    ASSERT_TRUE(std::holds_alternative<Forwarder>(started));
    forwarder_.emplace(std::move(std::get<Forwarder>(started)));
    thread_ = std::thread([this] { forwarder_->run(); });
  }

  // Clients of one worker in turn with those of the other. Each worker knows its own nonces alone.
  std::vector<std::unique_ptr<Client>> clients_of_both() {
    std::array<std::vector<std::unique_ptr<Client>>, 2> of;
    std::string nonce_of_first;
    for (int i = 0; i < 200 && (of[0].size() < kClients || of[1].size() < kClients); ++i) {
      auto client = std::make_unique<Client>(forwarder_->port());
      const std::string own = client->nonce;
      if (nonce_of_first.empty()) nonce_of_first = own;
      client->nonce = nonce_of_first;
      // Only where it is good does anybody hear that he has no allocation.
      const bool elsewhere = client->free() == kStaleNonce;
      client->nonce = own;
      of[elsewhere ? 1 : 0].push_back(std::move(client));
    }
    std::vector<std::unique_ptr<Client>> both;
    for (std::size_t i = 0; i < kClients && i < of[0].size() && i < of[1].size(); ++i) {
      both.push_back(std::move(of[0][i]));
      both.push_back(std::move(of[1][i]));
    }
    EXPECT_EQ(both.size(), 2 * kClients);
    return both;
  }

  // All but the last two have room, who hear that error until another client is gone.
  void expect_room_for_all_but_two(int error) {
    const auto clients = clients_of_both();
    ASSERT_EQ(clients.size(), 2 * kClients);
    for (std::size_t i = 0; i < clients.size(); ++i) {
      EXPECT_EQ(clients[i]->allocate(), i < clients.size() - 2 ? 0 : error) << i;
    }
    EXPECT_EQ(clients[0]->free(), 0);
    EXPECT_EQ(clients.back()->allocate(), 0) << "at the other worker";
    EXPECT_EQ(clients[0]->allocate(), error);
  }

  UdpClient peer_{{io::test::ip("127.0.0.1"), 9}, io::test::ip("127.0.0.1")};
  std::optional<Forwarder> forwarder_;
  std::thread thread_;
};

TEST_F(ForwarderWorkersTest, AllAllocationsCountTogether) {
  start({.max_allocations = 2 * kClients - 2});
  expect_room_for_all_but_two(508);
}

TEST_F(ForwarderWorkersTest, AUsersAllocationsCountTogether) {
  start({.max_allocations_per_user = 2 * kClients - 2});
  expect_room_for_all_but_two(486);
}

TEST_F(ForwarderWorkersTest, AnAddresssAllocationsCountTogether) {
  start({.max_allocations_per_user = 100, .max_allocations_per_address = 2 * kClients - 2});
  expect_room_for_all_but_two(486);
}

TEST_F(ForwarderWorkersTest, ConnectionsCountTogether) {
  start({.max_connections_per_address = 4});
  EXPECT_EQ(served(forwarder_->port(), 32), 4);
}

TEST(ServerWorkers, ConnectionsCountTogether) {
  ServerOptions options;
  options.port = 0;
  options.listen = {"127.0.0.1"};
  options.log_level = LogLevel::off;
  options.handle_signals = false;
  options.workers = 2;
  options.limits.max_connections = 4;
  auto started = Server::start(options);
  ASSERT_TRUE(std::holds_alternative<Server>(started));
  auto& server = std::get<Server>(started);
  std::thread thread([&] { server.run(); });
  EXPECT_EQ(served(server.port(), 32), 4);
  server.stop();
  thread.join();
}

// A packet that went round through two allocations would be one that nobody sent.
TEST_F(ForwarderWorkersTest, TheRelayedAddressesOfTheOtherWorkerAreNoPeers) {
  start({}, "127.0.0.1:1024-65535");
  const auto clients = clients_of_both();
  ASSERT_EQ(clients.size(), 2 * kClients);
  ASSERT_EQ(clients[0]->allocate(), 0);
  const SocketAddress relayed = clients[0]->relayed();
  ASSERT_EQ(clients[1]->allocate(), 0);
  EXPECT_EQ(clients[1]->bind(relayed), 403);
  ASSERT_EQ(clients[0]->free(), 0);
  EXPECT_EQ(clients[1]->bind(relayed), 0);
}

TEST_F(ForwarderWorkersTest, AnotherWorkerHandsOverTheSecondPortOfAPair) {
  start({});
  const auto clients = clients_of_both();
  ASSERT_EQ(clients.size(), 2 * kClients);
  Client& rtp = *clients[0];
  Client& rtcp = *clients[1];
  ASSERT_EQ(rtp.allocate([](stun::MessageBuilder& b) { b.add(Attribute::even_port, Buffer{0x80}); }), 0);
  const SocketAddress first = rtp.relayed();
  const auto token = rtp.message().find(Attribute::reservation_token).value();
  ASSERT_EQ(rtcp.allocate([&](stun::MessageBuilder& b) { b.add(Attribute::reservation_token, token); }), 0);
  const SocketAddress second = rtcp.relayed();
  EXPECT_EQ(second.port, first.port + 1);

  // And it is heard there.
  ASSERT_EQ(rtcp.permit(peer_.local()), 0);
  const io::KernelAddress to = io::to_kernel(second, Family::ipv4);
  ASSERT_EQ(connect(peer_.fd(), to.get(), to.size), 0);
  peer_.send("a report");
  EXPECT_EQ(as_text(rtcp.receive().find(Attribute::data).value()), "a report");
}

}  // namespace
}  // namespace porthole
