// One thread's share of a broadcasting server: a node on the one port, and the wishes that it has.
#pragma once

#include <memory>
#include <mutex>
#include <porthole/server.hpp>
#include <string>
#include <vector>

#include "base/frame.hpp"
#include "io/event_loop.hpp"
#include "io/system_random.hpp"
#include "media/mp4_fragmenter.hpp"
#include "node/node.hpp"
#include "server/port_driver.hpp"

namespace porthole::server {

// What the node wishes of a broadcast's source.
class SourceControl {
 public:
  virtual ~SourceControl() = default;
  virtual void request_keyframe(const std::string& broadcast, VideoCodec codec) = 0;
  virtual void want_rendition(const std::string& broadcast, VideoCodec codec, bool wanted) = 0;
};

// The other workers of the server, as one of them sees them.
class Colleagues {
 public:
  virtual ~Colleagues() = default;
  // In this order.
  virtual void deliver(node::Parcel parcel) = 0;
  // The reply comes back to where it was asked for.
  virtual void pass_on(node::WorkerId from, node::WorkerId to, HttpRequest request, io::HttpReply reply) = 0;
};

// Parcels that wait for a worker which has fallen behind. Beyond that packets are lost, as on the network.
constexpr std::size_t kMaxWaitingParcels = 8192;

class Worker final : private PortOwner {
 public:
  // What a worker works with. Borrowed: outlives it.
  struct Surroundings {
    io::EventLoop& loop;
    crypto::DtlsFactory& dtls;
    SourceControl& sources;
    Colleagues& colleagues;
  };

  Worker(const Surroundings& surroundings, const io::TcpOptions& options);
  ~Worker() override;

  // Opens the port on every address. `options.port` 0 is replaced by what the system chose.
  Result<void, std::string> open(const std::vector<SocketAddress>& listen, io::Sharing sharing,
                                 node::NodeOptions options, node::DtlsQuota dtls_quota);
  std::uint16_t port() const { return port_.port(); }

  // What clients over TLS, and TURN clients over DTLS, are shown. May be replaced at any time: see
  // io::TcpPort::use_tls(). Without it before open() nobody speaks DTLS.
  void use_tls(std::shared_ptr<const crypto::TlsContext> context);

  // Any thread, after open().
  void put(node::Parcel parcel);

  // The following on the loop's thread (or before it runs), after open().
  void answer(HttpRequest request, io::HttpReply reply) {
    port_.answer(std::move(request), std::move(reply));
  }
  void add_broadcast(const std::string& name);
  void push_frame(const std::string& broadcast, std::shared_ptr<const EncodedFrame> frame);
  void set_status(const std::string& broadcast, node::BroadcastStatus status);
  // Says goodbye to every viewer and closes the port.
  void shut_down();

 private:
  void on_turn() override;
  HttpResponse page(const HttpRequest& request) override;
  bool pass_on(HttpRequest& request, io::HttpReply& reply, bool was_passed_on) override;
  void take_parcels();
  // Labels are no sockets: everything leaves by the one port.
  void send_elsewhere(const TransmitBatch&) override {}

  void handle_event(const node::KeyframeWanted& event);
  void handle_event(const node::RenditionWanted& event);
  void handle_event(const node::ViewerConnected& event);
  void handle_event(const node::ViewerGone& event);

  // Borrowed.
  io::EventLoop& loop_;
  crypto::DtlsFactory& dtls_;
  SourceControl& sources_;
  Colleagues& colleagues_;

  // From other threads.
  std::mutex mailbox_mutex_;
  std::vector<node::Parcel> mailbox_;

  // Owned.
  io::SystemRandom random_;
  std::unique_ptr<crypto::OpenSslDtlsServer> turn_dtls_;  // Null without a certificate.
  media::Mp4FragmenterFactory fragmenters_;
  std::unique_ptr<node::Node> node_;
  node::WorkerId self_{};
  PortDriver port_;
};

}  // namespace porthole::server
