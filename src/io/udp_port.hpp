// A UDP socket that reads and writes in batches.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "base/packet.hpp"
#include "base/result.hpp"
#include "io/sockets.hpp"
#include "io/udp_sender.hpp"

namespace porthole::io {

class EventLoop;

class UdpHandler {
 public:
  virtual ~UdpHandler() = default;

  // Datagrams in the order of their arrival, at least one. They borrow their bytes for this call.
  virtual void on_datagrams(std::span<const Datagram> datagrams) = 0;
  // After send() said `blocked`: there is room again.
  virtual void on_writable() = 0;
};

struct UdpOptions {
  // Off: one datagram a message from the start, as on kernels that cannot do better.
  bool segmentation_offload = true;
  int socket_buffer_bytes = 4 << 20;  // Asked for in each direction; the kernel may give less.
  Sharing sharing = Sharing::none;
};

struct UdpCounters {
  std::uint64_t unsendable = 0;  // Segments that the kernel refused (no route, a firewall rule…).
};

class UdpPort {
 public:
  // The error is a sentence for whoever started the program. [::] serves IPv4 too; addresses in datagrams
  // are plain IPv4 then. Port 0 takes any free one. The handler outlives the port.
  static Result<std::unique_ptr<UdpPort>, std::string> open(EventLoop& loop, const SocketAddress& listen,
                                                            UdpHandler& handler,
                                                            const UdpOptions& options = {});
  ~UdpPort();

  // `blocked`: the socket's buffer is full and nothing of the batch has gone; keep it until on_writable().
  // `dropped`: it can never go. The network loses datagrams too.
  using Sent = UdpSender::Sent;
  // From batch.to.local.ip (unless that is unspecified) to batch.to.remote.
  Sent send(const TransmitBatch& batch);

  // As bound: the port is the real one even where 0 was asked for.
  const SocketAddress& local() const;
  std::uint16_t local_port() const { return local().port; }
  UdpCounters counters() const;
  // False from the start, or once the kernel or a device has refused it.
  bool segmentation_offload() const;
  int native_handle() const;

 private:
  class State;
  explicit UdpPort(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace porthole::io
