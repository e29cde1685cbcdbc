// One thread's share of a forwarder: the one port, the sockets of the allocations, and what lies between.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "crypto/dtls_server.hpp"
#include "crypto/tls.hpp"
#include "io/relay_sockets.hpp"
#include "io/system_random.hpp"
#include "node/forwarder.hpp"
#include "server/port_driver.hpp"
#include "server/relay_book.hpp"

namespace porthole::server {

class ForwardWorker final : private PortOwner, private io::UdpHandler {
 public:
  // What a worker works with. Borrowed: outlives it.
  struct Surroundings {
    io::EventLoop& loop;
    io::KeptSockets& kept;
  };

  ForwardWorker(const Surroundings& surroundings, const io::TcpOptions& options);
  ~ForwardWorker() override;

  // What clients over TLS, and TURN clients over DTLS, are shown. May be replaced at any time: see
  // io::TcpPort::use_tls(). Without it before open() nobody speaks DTLS.
  void use_tls(std::shared_ptr<const crypto::TlsContext> context);

  // Opens the port on every address. `options.rules.own_port` is filled in here.
  Result<void, std::string> open(const std::vector<SocketAddress>& listen, io::Sharing sharing,
                                 node::ForwardOptions options, node::DtlsQuota dtls_quota);
  std::uint16_t port() const { return port_.port(); }

  // Closes everything.
  void shut_down() { port_.shut_down(); }

 private:
  void on_turn() override {}
  bool pass_on(HttpRequest&, io::HttpReply&, bool) override { return false; }
  HttpResponse page(const HttpRequest& request) override;
  void send_elsewhere(const TransmitBatch& batch) override { sockets_->send(batch); }

  // Of relayed addresses.
  void on_datagrams(std::span<const Datagram> datagrams) override;
  void on_writable() override {}

  // Borrowed.
  io::EventLoop& loop_;
  io::KeptSockets& kept_;

  // Owned. The forwarder's allocations free their sockets, and the port is driven by the forwarder.
  io::SystemRandom random_;
  std::unique_ptr<crypto::OpenSslDtlsServer> dtls_;  // Null without a certificate.
  std::optional<io::RelaySockets> sockets_;
  std::optional<RelayBook> book_;
  std::optional<node::Forwarder> forwarder_;
  PortDriver port_;
};

}  // namespace porthole::server
