// A client of DTLS that carries data: OpenSSL over datagrams in memory, without our own rules.
#pragma once

#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <functional>
#include <memory>
#include <vector>

#include "crypto/datagram_bio.hpp"
#include "crypto/dtls.hpp"
#include "crypto/openssl.hpp"

namespace porthole::crypto::test {

class DtlsClient {
 public:
  using Packet = std::vector<std::uint8_t>;

  // What `setup` leaves alone is OpenSSL's default.
  explicit DtlsClient(const std::function<void(SSL_CTX*)>& setup = {})
      : context_(SSL_CTX_new(DTLS_client_method())) {
    SSL_CTX_set_verify(context_.get(), SSL_VERIFY_NONE, nullptr);
    if (setup) setup(context_.get());
    ssl_.reset(SSL_new(context_.get()));
    BIO* const bio = make_datagram_bio(queues_);
    SSL_set_bio(ssl_.get(), bio, bio);
    SSL_set_options(ssl_.get(), SSL_OP_NO_QUERY_MTU);
    SSL_set_mtu(ssl_.get(), static_cast<long>(kMaxDtlsDatagram));
    // Impatient, so that many damaged handshakes are over before the server's patience is.
    DTLS_set_timer_cb(ssl_.get(), [](SSL*, unsigned int last) { return last == 0 ? 500'000u : 1'000'000u; });
    SSL_set_connect_state(ssl_.get());
  }

  // Writes the ClientHello the first time, and goes on from there.
  void advance() {
    const ErrorQueueScope errors;
    SSL_do_handshake(ssl_.get());
    if (!connected()) return;
    Packet buffer(kMaxDtlsPlaintextRead);
    for (int size = 0; (size = SSL_read(ssl_.get(), buffer.data(), static_cast<int>(buffer.size()))) > 0;) {
      received.emplace_back(buffer.begin(), buffer.begin() + size);
    }
  }

  void handle_datagram(Bytes datagram) {
    queues_.incoming = datagram;
    advance();
    queues_.incoming = {};
  }

  // Resends what is due by OpenSSL's clock.
  void handle_timeout() {
    const ErrorQueueScope errors;
    DTLSv1_handle_timeout(ssl_.get());
  }

  // The datagrams to send, in order.
  std::vector<Packet> take() {
    std::vector<Packet> packets;
    Packet buffer(kMaxDtlsPlaintextRead);
    while (const std::size_t size = queues_.take(buffer)) {
      packets.emplace_back(buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(size));
    }
    return packets;
  }

  void send(Bytes message) {
    const ErrorQueueScope errors;
    EXPECT_EQ(SSL_write(ssl_.get(), message.data(), static_cast<int>(message.size())),
              static_cast<int>(message.size()));
  }
  void close() { SSL_shutdown(ssl_.get()); }

  bool connected() const { return SSL_is_init_finished(ssl_.get()) == 1; }
  bool peer_has_closed() const { return (SSL_get_shutdown(ssl_.get()) & SSL_RECEIVED_SHUTDOWN) != 0; }
  SSL* ssl() const { return ssl_.get(); }

  std::vector<Packet> received;  // Messages, one record each.

 private:
  static constexpr std::size_t kMaxDtlsPlaintextRead = 1 << 15;

  DatagramQueues queues_;
  SslContextHandle context_;
  SslHandle ssl_;
};

}  // namespace porthole::crypto::test
