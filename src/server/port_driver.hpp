// Drives a machine with the sockets and timers of the one port, and knows nothing of what it is for.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "io/event_loop.hpp"
#include "io/one_port.hpp"
#include "io/timer.hpp"
#include "node/port_machine.hpp"

namespace porthole::server {

// What a mode adds to the port.
class PortOwner {
 public:
  virtual ~PortOwner() = default;

  // The machine took something in and what it had to send is sent: now its events.
  virtual void on_turn() = 0;
  // For paths that are not the machine's.
  virtual HttpResponse page(const HttpRequest& request) = 0;
  // True when it is for others to answer, who take both. `was_passed_on`: by others, who think that it is
  // not.
  virtual bool pass_on(HttpRequest&, io::HttpReply&, bool was_passed_on) = 0;
  // A batch for another socket than the one port's. It is sent or lost.
  virtual void send_elsewhere(const TransmitBatch& batch) = 0;
};

class PortDriver final : private io::UdpHandler, private io::StreamHandler, private io::HttpHandler {
 public:
  // Both are borrowed and outlive the driver.
  PortDriver(io::EventLoop& loop, PortOwner& owner, const io::TcpOptions& options = {});
  ~PortDriver() override;

  // For TLS on the port: see io::TcpPort::use_tls().
  void use_tls(std::shared_ptr<const crypto::TlsContext> context) { tcp_.use_tls(std::move(context)); }

  // Opens the port on every address. Port 0 is replaced by what the system chose.
  Result<void, std::string> open(const std::vector<SocketAddress>& listen, io::Sharing sharing);
  std::uint16_t port() const { return port_; }

  // Before the loop runs. The machine is borrowed, until shut_down() or the end of the driver.
  void drive(node::PortMachine& machine);

  // A request that others have passed on.
  void answer(HttpRequest request, io::HttpReply reply) {
    answer(std::move(request), std::move(reply), true);
  }

  // To be called after everything that the owner put into the machine: sends, tells, and sets the timer.
  void flush();

  // Closes the port; what is to be said must be flushed by then.
  void shut_down();

 private:
  void on_datagrams(std::span<const Datagram> datagrams) override;
  void on_writable() override;
  void on_stream_data(const FiveTuple& path, Bytes bytes) override;
  void on_stream_closed(const FiveTuple& path) override;
  void on_stream_writable(const FiveTuple& path) override;
  void handle(HttpRequest request, io::HttpReply reply) override {
    answer(std::move(request), std::move(reply), false);
  }
  void answer(HttpRequest request, io::HttpReply reply, bool was_passed_on);

  void on_timeout();
  void on_wall_clock();
  void transmit();
  bool send_batch();
  void write_streams();
  io::UdpPort& udp_port_for(const IpAddress& local);

  // Borrowed.
  io::EventLoop& loop_;
  PortOwner& owner_;
  node::PortMachine* machine_ = nullptr;

  // Owned.
  io::TcpPort tcp_;
  std::vector<std::unique_ptr<io::UdpPort>> udp_;
  io::Timer timer_;
  io::Timer wall_timer_;
  std::uint16_t port_ = 0;
  TransmitBatch batch_;
  bool batch_waits_ = false;  // The socket is full; the batch goes first when there is room again.
};

}  // namespace porthole::server
