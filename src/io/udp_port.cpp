#include "io/udp_port.hpp"

#include "io/descriptor.hpp"
#include "io/sockets.hpp"
#include "io/udp_receiver.hpp"

namespace porthole::io {
namespace {

// System calls a turn: enough to drain a burst, few enough to let timers and streams have their turn.
constexpr int kMaxReceiveRounds = 8;

void ask_for_buffers(int fd, int bytes) {
  // Best effort: the kernel caps what it gives (net.core.rmem_max, wmem_max).
  set_option(fd, SOL_SOCKET, SO_RCVBUF, bytes);
  set_option(fd, SOL_SOCKET, SO_SNDBUF, bytes);
}

}  // namespace

class UdpPort::State {
 public:
  State(EventLoop& loop, OwnedFd fd, Family family, UdpHandler& handler, const UdpOptions& options)
      : local(bound_address(fd.get())),
        sender(fd.get(), family, options.segmentation_offload && kernel_can_segment(fd.get())),
        handler_(handler),
        descriptor_(loop, fd.release(), {[this] { receive(); }, [this] { writable(); }}) {
    ask_for_buffers(descriptor_.fd(), options.socket_buffer_bytes);
    coalesce_arrivals(descriptor_.fd());
    descriptor_.watch_readable();
  }

  Sent send(const TransmitBatch& batch) {
    const Sent sent = sender.send(batch);
    if (sent == Sent::blocked) caller_waits_ = true;
    if (caller_waits_ || sender.has_rest()) descriptor_.watch_writable();
    return sent;
  }

  UdpCounters counters() const { return {.unsendable = sender.unsendable()}; }
  int fd() const { return descriptor_.fd(); }

  const SocketAddress local;
  UdpSender sender;

 private:
  void receive() {
    for (int round = 0; round < kMaxReceiveRounds; ++round) {
      const UdpReceiver::Batch batch = receiver_.receive(descriptor_.fd(), local);
      if (!batch.datagrams.empty()) handler_.on_datagrams(batch.datagrams);
      // An error is what some earlier datagram met on its way (ICMP): reading it takes it away.
      if (batch.outcome == UdpReceiver::Outcome::failed) continue;
      if (!batch.more) break;
    }
    descriptor_.watch_readable();
  }

  void writable() {
    if (!sender.flush()) return descriptor_.watch_writable();
    if (!caller_waits_) return;
    caller_waits_ = false;
    handler_.on_writable();
  }

  UdpHandler& handler_;  // Borrowed: outlives this.
  UdpReceiver receiver_;
  Descriptor descriptor_;
  bool caller_waits_ = false;
};

UdpPort::UdpPort(std::unique_ptr<State> state) : state_(std::move(state)) {}
UdpPort::~UdpPort() = default;

Result<std::unique_ptr<UdpPort>, std::string> UdpPort::open(EventLoop& loop, const SocketAddress& listen,
                                                            UdpHandler& handler, const UdpOptions& options) {
  auto fd = open_udp(listen, options.sharing);
  if (!fd) return fail(fd.error());
  auto state = std::make_unique<State>(loop, std::move(*fd), listen.ip.family(), handler, options);
  return std::unique_ptr<UdpPort>(new UdpPort(std::move(state)));
}

UdpPort::Sent UdpPort::send(const TransmitBatch& batch) {
  return state_->send(batch);
}

const SocketAddress& UdpPort::local() const {
  return state_->local;
}

UdpCounters UdpPort::counters() const {
  return state_->counters();
}

bool UdpPort::segmentation_offload() const {
  return state_->sender.segmentation_offload();
}

int UdpPort::native_handle() const {
  return state_->fd();
}

}  // namespace porthole::io
