#include <array>
#include <csignal>
#include <porthole/forwarder.hpp>
#include <utility>

#include "io/interfaces.hpp"
#include "server/addresses.hpp"
#include "server/forward_plan.hpp"
#include "server/forward_worker.hpp"
#include "server/limits.hpp"
#include "server/log.hpp"
#include "server/tls_files.hpp"

namespace porthole {
namespace {

// Where relayed addresses of one family are: where the first peer of that family sees this machine.
std::optional<IpAddress> relay_ip(const std::vector<node::PeerRange>& peers, Family family) {
  for (const node::PeerRange& peer : peers) {
    if (peer.ip.family() == family) return io::source_towards({peer.ip, peer.first_port});
  }
  return std::nullopt;
}

std::vector<IpAddress> relay_ips(const std::vector<node::PeerRange>& peers) {
  std::vector<IpAddress> found;
  for (const Family family : {Family::ipv4, Family::ipv6}) {
    if (const auto ip = relay_ip(peers, family)) found.push_back(*ip);
  }
  return found;
}

}  // namespace

class Forwarder::Impl final {
 public:
  explicit Impl(const Limits& limits) : worker_(loop_, server::tcp_options(limits)) {}

  void use_tls(server::TlsContextHandle context) { worker_.use_tls(std::move(context)); }

  Result<void, Error> open(const ForwarderOptions& options, const server::ForwardPlan& plan,
                           const std::vector<IpAddress>& local) {
    node::ForwardOptions forward;
    forward.rules.peers = plan.peers;
    forward.rules.relay_ips = relay_ips(plan.peers);
    forward.rules.own_addresses = local;
    forward.secrets = options.secrets;
    forward.limits = server::turn_limits(options.limits);
    if (forward.rules.relay_ips.empty()) {
      return fail(server::runtime_error("no route leads to " + plan.peers.front().to_string() +
                                        ": check this machine's network"));
    }
    if (auto opened = worker_.open(plan.listen, std::move(forward)); !opened) {
      return fail(server::runtime_error(opened.error()));
    }
    for (const node::PeerRange& peer : plan.peers) peers_.push_back(peer.to_string());
    hosts_ = options.advertise;
    if (hosts_.empty()) hosts_ = {server::reachable_address(server::served_addresses(plan.listen, local))};
    if (options.handle_signals) loop_.on_signals({SIGINT, SIGTERM}, [this](int) { shut_down(); });
    return {};
  }

  void run() { loop_.run(); }

  void stop() {
    loop_.post([this] { shut_down(); });
  }

  std::uint16_t port() const { return worker_.port(); }
  const std::vector<std::string>& peers() const { return peers_; }

  std::vector<std::string> urls() const {
    std::vector<std::string> urls;
    for (const std::string& host : hosts_) urls.push_back("turn:" + server::authority(host, port()));
    return urls;
  }

 private:
  void shut_down() {
    if (std::exchange(is_down_, true)) return;
    worker_.shut_down();
    loop_.stop();
  }

  io::EventLoop loop_;
  server::ForwardWorker worker_;
  std::vector<std::string> hosts_;
  std::vector<std::string> peers_;
  bool is_down_ = false;
};

std::variant<Forwarder, Error> Forwarder::start(const ForwarderOptions& options) {
  server::set_up_log(options.log_level);
  const std::vector<IpAddress> local = io::local_addresses();
  const auto plan = server::make_forward_plan(options, local);
  if (!plan) return plan.error();
  const WallTime today = io::EventLoop::wall_clock().time(io::EventLoop::now());
  auto tls = server::open_tls({options.tls_cert_file, options.tls_key_file}, options.advertise,
                              server::served_addresses(plan->listen, local), today);
  if (!tls) return tls.error();
  auto impl = std::make_unique<Impl>(options.limits);
  impl->use_tls(std::move(*tls));
  if (auto opened = impl->open(options, *plan, local); !opened) return opened.error();
  return Forwarder(std::move(impl));
}

Forwarder::Forwarder(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Forwarder::Forwarder(Forwarder&&) noexcept = default;
Forwarder& Forwarder::operator=(Forwarder&&) noexcept = default;
Forwarder::~Forwarder() = default;

void Forwarder::run() {
  impl_->run();
}
void Forwarder::stop() {
  impl_->stop();
}
std::uint16_t Forwarder::port() const {
  return impl_->port();
}
std::vector<std::string> Forwarder::urls() const {
  return impl_->urls();
}
std::vector<std::string> Forwarder::peers() const {
  return impl_->peers();
}

}  // namespace porthole
