#include "server/worker.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "server/pages.hpp"

namespace porthole::server {
namespace {

// How often the node is told the time of day again, which somebody may have set meanwhile.
constexpr Duration kWallClockInterval = 10s;

double milliseconds(Duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

}  // namespace

Worker::Worker(io::EventLoop& loop, crypto::DtlsFactory& dtls, SourceControl& sources)
    : loop_(loop),
      dtls_(dtls),
      sources_(sources),
      tcp_(loop, *this, *this),
      timer_(loop, [this] { on_timeout(); }),
      wall_timer_(loop, [this] { on_wall_clock(); }) {}

Worker::~Worker() = default;

Result<void, std::string> Worker::open(const std::vector<SocketAddress>& listen, node::NodeOptions options) {
  for (SocketAddress address : listen) {
    if (port_ != 0) address.port = port_;
    auto opened = io::open_one_port(loop_, address, *this, tcp_);
    if (!opened) return fail(opened.error());
    udp_.push_back(std::move(*opened));
    port_ = udp_.back()->local_port();
  }
  options.port = port_;
  for (SocketAddress& address : options.advertised) {
    if (address.port == 0) address.port = port_;
  }
  node_ = std::make_unique<node::Node>(std::move(options), dtls_, random_);
  on_wall_clock();
  return {};
}

void Worker::add_broadcast(const std::string& name) {
  node_->add_broadcast(name);
}

void Worker::push_frame(const std::string& broadcast, const EncodedFrame& frame) {
  node_->push_frame(broadcast, frame, loop_.now());
  flush();
}

void Worker::set_status(const std::string& broadcast, node::BroadcastStatus status) {
  node_->set_status(broadcast, std::move(status));
}

void Worker::shut_down() {
  node_->shut_down();
  flush();
  timer_.cancel();
  wall_timer_.cancel();
  tcp_.shut_down();
  udp_.clear();
}

void Worker::on_datagrams(std::span<const Datagram> datagrams) {
  const Instant now = loop_.now();
  for (const Datagram& datagram : datagrams) node_->handle_datagram(datagram, now);
  flush();
}

void Worker::on_writable() {
  flush();
}

void Worker::on_stream_data(const FiveTuple& path, Bytes bytes) {
  node_->handle_stream(path, bytes, loop_.now());
  flush();
}

void Worker::on_stream_closed(const FiveTuple& path) {
  node_->handle_stream_closed(path, loop_.now());
  flush();
}

void Worker::handle(HttpRequest request, io::HttpReply reply) {
  if (auto response = node_->handle_http(request, loop_.now())) {
    reply(std::move(*response));
    return flush();
  }
  reply(page_reply(request, [this](std::string_view name) { return node_->has_broadcast(name); }));
}

void Worker::on_timeout() {
  node_->handle_timeout(loop_.now());
  flush();
}

void Worker::on_wall_clock() {
  node_->set_wall_clock(loop_.wall_clock());
  wall_timer_.arm(loop_.now() + kWallClockInterval);
}

void Worker::flush() {
  transmit();
  while (const auto event = node_->poll_event()) {
    std::visit([this](const auto& what) { handle_event(what); }, *event);
  }
  timer_.arm(node_->next_timeout());
}

void Worker::transmit() {
  while (batch_waits_ || node_->poll_transmit(batch_, loop_.now())) {
    batch_waits_ = !send_batch();
    if (batch_waits_) return;
  }
}

// False when the batch must wait for the socket.
bool Worker::send_batch() {
  if (batch_.to.is_stream()) {
    tcp_.send(batch_);
    return true;
  }
  return udp_port_for(batch_.to.local.ip).send(batch_) != io::UdpPort::Sent::blocked;
}

io::UdpPort& Worker::udp_port_for(const IpAddress& local) {
  // What arrived at a socket for any address left it with the address that was hit.
  const auto by = [&](auto fits) {
    return std::ranges::find_if(udp_, [&](const auto& port) { return fits(port->local().ip); });
  };
  auto found = by([&](const IpAddress& ip) { return ip == local; });
  if (found == udp_.end()) {
    found = by([&](const IpAddress& ip) { return ip.is_unspecified() && ip.family() == local.family(); });
  }
  if (found == udp_.end()) found = by([](const IpAddress& ip) { return ip.is_unspecified(); });
  return found == udp_.end() ? *udp_.front() : **found;
}

void Worker::handle_event(const node::KeyframeWanted& event) {
  sources_.request_keyframe(event.broadcast, event.codec);
}

void Worker::handle_event(const node::RenditionWanted& event) {
  sources_.want_rendition(event.broadcast, event.codec, event.wanted);
}

void Worker::handle_event(const node::ConnectionRefused& event) {
  tcp_.close(event.connection);
}

void Worker::handle_event(const node::ViewerConnected& event) {
  spdlog::info("{}: a viewer at {} watches by {}, {:.0f} ms after its offer", event.broadcast,
               event.remote.to_string(), event.path, milliseconds(event.joined_in));
}

void Worker::handle_event(const node::ViewerGone& event) {
  // Who never got through is not worth a line: anybody can make any number of such sessions.
  const auto level = event.stats.packets > 0 ? spdlog::level::info : spdlog::level::debug;
  spdlog::log(level, "{}: a viewer is gone ({}), {} frames in {} packets sent, {} of them again",
              event.broadcast, node::describe(event.reason), event.stats.frames, event.stats.packets,
              event.stats.retransmitted_packets);
}

}  // namespace porthole::server
