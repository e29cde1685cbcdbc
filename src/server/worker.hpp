// One thread's share of the server: a node, and the sockets and timers that it is driven by.
#pragma once

#include <memory>
#include <porthole/server.hpp>
#include <string>
#include <vector>

#include "base/frame.hpp"
#include "io/event_loop.hpp"
#include "io/one_port.hpp"
#include "io/system_random.hpp"
#include "io/timer.hpp"
#include "node/node.hpp"

namespace porthole::server {

// What the node wishes of a broadcast's source.
class SourceControl {
 public:
  virtual ~SourceControl() = default;
  virtual void request_keyframe(const std::string& broadcast, VideoCodec codec) = 0;
  virtual void want_rendition(const std::string& broadcast, VideoCodec codec, bool wanted) = 0;
};

class Worker final : private io::UdpHandler, private io::StreamHandler, private io::HttpHandler {
 public:
  // All borrowed; they outlive the worker.
  Worker(io::EventLoop& loop, crypto::DtlsFactory& dtls, SourceControl& sources);
  ~Worker() override;

  // Opens the port on every address. `options.port` 0 is replaced by what the system chose.
  Result<void, std::string> open(const std::vector<SocketAddress>& listen, node::NodeOptions options);
  std::uint16_t port() const { return port_; }

  // The following on the loop's thread (or before it runs), after open().
  void add_broadcast(const std::string& name);
  void push_frame(const std::string& broadcast, const EncodedFrame& frame);
  void set_status(const std::string& broadcast, node::BroadcastStatus status);
  // Says goodbye to every viewer and closes the port.
  void shut_down();

 private:
  void on_datagrams(std::span<const Datagram> datagrams) override;
  void on_writable() override;
  void on_stream_data(const FiveTuple& path, Bytes bytes) override;
  void on_stream_closed(const FiveTuple& path) override;
  void handle(HttpRequest request, io::HttpReply reply) override;

  void on_timeout();
  void on_wall_clock();
  // After everything that the node took in: sends, tells, and sets the timer.
  void flush();
  void transmit();
  bool send_batch();
  void handle_event(const node::KeyframeWanted& event);
  void handle_event(const node::RenditionWanted& event);
  void handle_event(const node::ConnectionRefused& event);
  void handle_event(const node::ViewerConnected& event);
  void handle_event(const node::ViewerGone& event);
  io::UdpPort& udp_port_for(const IpAddress& local);

  // Borrowed.
  io::EventLoop& loop_;
  crypto::DtlsFactory& dtls_;
  SourceControl& sources_;

  // Owned.
  io::SystemRandom random_;
  io::TcpPort tcp_;
  std::vector<std::unique_ptr<io::UdpPort>> udp_;
  std::unique_ptr<node::Node> node_;
  io::Timer timer_;
  io::Timer wall_timer_;
  std::uint16_t port_ = 0;
  TransmitBatch batch_;
  bool batch_waits_ = false;  // The socket is full; the batch goes first when there is room again.
};

}  // namespace porthole::server
