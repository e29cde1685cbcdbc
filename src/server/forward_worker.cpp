#include "server/forward_worker.hpp"

#include <utility>

namespace porthole::server {

ForwardWorker::ForwardWorker(const Surroundings& surroundings, const io::TcpOptions& options)
    : loop_(surroundings.loop), kept_(surroundings.kept), port_(loop_, *this, options) {}

ForwardWorker::~ForwardWorker() = default;

void ForwardWorker::use_tls(std::shared_ptr<const crypto::TlsContext> context) {
  if (dtls_) {
    dtls_->use(context->certificate());
  } else if (!forwarder_) {
    dtls_ = crypto::OpenSslDtlsServer::create(context->certificate());
  }
  port_.use_tls(std::move(context));
}

Result<void, std::string> ForwardWorker::open(const std::vector<SocketAddress>& listen, io::Sharing sharing,
                                              node::ForwardOptions options, node::DtlsQuota dtls_quota) {
  if (auto opened = port_.open(listen, sharing); !opened) return opened;
  options.rules.own_port = port();
  io::UdpHandler& handler = *this;
  sockets_.emplace(loop_, handler, random_, kept_, io::RelayPorts{.except = port()});
  book_.emplace(*sockets_);
  forwarder_.emplace(std::move(options), *book_, random_);
  if (dtls_) forwarder_->serve_dtls(*dtls_, std::move(dtls_quota));
  port_.drive(*forwarder_);
  return {};
}

void ForwardWorker::on_datagrams(std::span<const Datagram> datagrams) {
  forwarder_->handle_peer_datagrams(datagrams, loop_.now());
  port_.flush();
}

HttpResponse ForwardWorker::page(const HttpRequest&) {
  return {404,
          {{"Content-Type", "text/plain; charset=utf-8"}},
          "This is a TURN server: there are no pages here.\n"};
}

}  // namespace porthole::server
