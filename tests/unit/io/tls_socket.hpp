// A TLS client on a socket of loopback that never waits, and never reads unless it is asked to.
#pragma once

#include "unit/crypto/tls_client.hpp"
#include "unit/io/loopback.hpp"

namespace porthole::io::test {

class TlsSocket {
 public:
  explicit TlsSocket(const SocketAddress& to, const crypto::test::TlsClientOptions& options = {})
      : tcp(to), tls(options) {}

  void say(std::string_view text) {
    tls.say(text);
    flush();
  }
  // What the handshake still has to send goes out, and what has come is read.
  void exchange() {
    flush();
    const std::string_view received = tcp.received();
    tls.give(received.substr(std::exchange(read_, received.size())));
    flush();
  }
  bool connected() {
    exchange();
    return tls.connected();
  }
  const std::string& heard() {
    exchange();
    return tls.heard();
  }
  void flush() {
    unsent_ += tls.take();
    unsent_.erase(0, tcp.send(unsent_));
  }

  TcpClient tcp;
  crypto::test::TlsClient tls;

 private:
  std::string unsent_;
  std::size_t read_ = 0;
};

}  // namespace porthole::io::test
