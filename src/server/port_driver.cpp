#include "server/port_driver.hpp"

#include <algorithm>
#include <utility>

namespace porthole::server {
namespace {

// How often the machine is told the time of day again, which somebody may have set meanwhile.
constexpr Duration kWallClockInterval = 10s;

}  // namespace

PortDriver::PortDriver(io::EventLoop& loop, PortOwner& owner, const io::TcpOptions& options)
    : loop_(loop),
      owner_(owner),
      tcp_(loop, *this, *this, options),
      timer_(loop, [this] { on_timeout(); }),
      wall_timer_(loop, [this] { on_wall_clock(); }) {}

PortDriver::~PortDriver() = default;

Result<void, std::string> PortDriver::open(const std::vector<SocketAddress>& listen, io::Sharing sharing) {
  for (SocketAddress address : listen) {
    if (port_ != 0) address.port = port_;
    auto opened = io::open_one_port(loop_, address, *this, tcp_, {.sharing = sharing});
    if (!opened) return fail(opened.error());
    udp_.push_back(std::move(*opened));
    port_ = udp_.back()->local_port();
  }
  return {};
}

void PortDriver::drive(node::PortMachine& machine) {
  machine_ = &machine;
  on_wall_clock();
}

void PortDriver::shut_down() {
  wall_timer_.cancel();
  tcp_.shut_down();
  udp_.clear();
  timer_.cancel();
}

void PortDriver::on_datagrams(std::span<const Datagram> datagrams) {
  Instant now = loop_.now();
  for (const Datagram& datagram : datagrams) {
    // One may take a third of a millisecond, and there are 64 of them.
    if (loop_.run_first()) now = loop_.now();
    machine_->handle_datagram(datagram, now);
  }
  flush();
}

void PortDriver::on_writable() {
  flush();
}

void PortDriver::on_stream_data(const FiveTuple& path, Bytes bytes) {
  machine_->handle_stream(path, bytes, loop_.now());
  flush();
}

void PortDriver::on_stream_closed(const FiveTuple& path) {
  machine_->handle_stream_closed(path, loop_.now());
  flush();
}

void PortDriver::on_stream_writable(const FiveTuple& path) {
  machine_->handle_stream_writable(path.connection, loop_.now());
  flush();
}

void PortDriver::answer(HttpRequest request, io::HttpReply reply, bool was_passed_on) {
  if (owner_.pass_on(request, reply, was_passed_on)) return;
  if (auto response = machine_->handle_http(request, loop_.now())) {
    reply(std::move(*response));
    return flush();
  }
  reply(owner_.page(request));
}

void PortDriver::on_timeout() {
  machine_->handle_timeout(loop_.now());
  flush();
}

void PortDriver::on_wall_clock() {
  machine_->set_wall_clock(loop_.wall_clock());
  wall_timer_.arm(loop_.now() + kWallClockInterval);
}

void PortDriver::flush() {
  transmit();
  write_streams();
  owner_.on_turn();
  while (const auto refused = machine_->poll_refused()) tcp_.close(*refused);
  timer_.arm(machine_->next_timeout());
}

void PortDriver::transmit() {
  while (batch_waits_ || machine_->poll_transmit(batch_, loop_.now())) {
    batch_waits_ = !send_batch();
    if (batch_waits_) return;
  }
}

void PortDriver::write_streams() {
  StreamWrite next;
  while (machine_->poll_stream(next, loop_.now())) {
    const io::TcpPort::Sent sent =
        next.bytes.empty() ? io::TcpPort::Sent::sent : tcp_.write(next.to.connection, next.bytes);
    if (next.is_last) {
      tcp_.finish(next.to.connection);
    } else if (sent == io::TcpPort::Sent::sent) {
      machine_->handle_stream_writable(next.to.connection, loop_.now());
    }
  }
}

// False when the batch must wait for the socket.
bool PortDriver::send_batch() {
  if (batch_.to.is_stream()) {
    const bool blocked = tcp_.send(batch_) == io::TcpPort::Sent::blocked;
    if (blocked) machine_->handle_stream_blocked(batch_.to.connection);
    return true;
  }
  if (batch_.to.local.port != port_) {
    owner_.send_elsewhere(batch_);
    return true;
  }
  return udp_port_for(batch_.to.local.ip).send(batch_) != io::UdpPort::Sent::blocked;
}

io::UdpPort& PortDriver::udp_port_for(const IpAddress& local) {
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

}  // namespace porthole::server
