// A DTLS client and our server of TURN over DTLS, with a network between them.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <vector>

#include "crypto/dtls_cookie.hpp"
#include "crypto/dtls_server.hpp"
#include "unit/crypto/dtls_client.hpp"
#include "unit/crypto/dtls_link.hpp"

namespace porthole::crypto::test {

inline const SocketAddress kClient = *SocketAddress::parse("192.0.2.1:5000");

// A client, a server and a network that may damage what goes either way, in virtual time.
class DtlsServerFixture : public testing::Test {
 protected:
  // What becomes of a datagram: those to deliver instead.
  using Damage = std::function<std::vector<Packet>(const Packet&)>;

  void SetUp() override {
    virtual_now = Instant(1h);
    use_client({});
  }

  void use_client(const std::function<void(SSL_CTX*)>& setup) {
    client_ = std::make_unique<DtlsClient>(setup);
    association_ = nullptr;
  }

  void to_server(const Packet& packet) {
    if (association_) {
      association_->handle_datagram(packet, virtual_now);
      Packet message(kMaxDtlsInput);
      while (const std::size_t size = association_->read(message)) {
        received_.emplace_back(message.begin(), message.begin() + static_cast<std::ptrdiff_t>(size));
      }
      return;
    }
    const auto hello = parse_client_hello(packet);
    if (!hello) return;
    if (cookies_.proves(*hello, kClient, virtual_now)) {
      association_ = server_->accept(packet, virtual_now);
      return;
    }
    Packet answer(kHelloVerifyRequestSize);
    ASSERT_EQ(cookies_.answer(*hello, kClient, virtual_now, answer), answer.size());
    for (const Packet& arriving : to_client_(answer)) client_->handle_datagram(arriving);
  }

  // Carries datagrams until nothing moves.
  void settle() {
    client_->advance();
    for (bool moved = true; moved;) {
      moved = false;
      for (const Packet& packet : client_->take()) {
        moved = true;
        for (const Packet& arriving : to_server_(packet)) to_server(arriving);
      }
      Packet buffer(kMaxDtlsDatagram);
      while (const std::size_t size = association_ ? association_->poll_transmit(buffer) : 0) {
        moved = true;
        const Packet packet(buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(size));
        for (const Packet& arriving : to_client_(packet)) client_->handle_datagram(arriving);
      }
    }
  }

  void run(Duration limit) {
    const Instant end = virtual_now + limit;
    settle();
    while (virtual_now < end && !connected()) {
      virtual_now += 250ms;
      client_->handle_timeout();
      if (association_) association_->handle_timeout(virtual_now);
      settle();
    }
  }

  bool connected() const {
    return client_->connected() && association_ && association_->state() == DtlsAssociation::State::connected;
  }

  static std::vector<Packet> pass(const Packet& packet) { return {packet}; }

  DtlsCookies cookies_{CookieKey{1, 2, 3}};
  std::unique_ptr<OpenSslDtlsServer> server_ = OpenSslDtlsServer::create(make_certificate());
  std::unique_ptr<DtlsClient> client_;
  std::unique_ptr<DtlsAssociation> association_;
  std::vector<Packet> received_;  // By the server.
  Damage to_server_ = pass;
  Damage to_client_ = pass;
};

}  // namespace porthole::crypto::test
