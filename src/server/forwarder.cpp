#include <algorithm>
#include <csignal>
#include <optional>
#include <porthole/forwarder.hpp>
#include <utility>
#include <vector>

#include "io/file_limit.hpp"
#include "io/interfaces.hpp"
#include "server/addresses.hpp"
#include "server/certificate_watch.hpp"
#include "server/forward_crew.hpp"
#include "server/forward_plan.hpp"
#include "server/limits.hpp"
#include "server/log.hpp"
#include "server/loops.hpp"
#include "server/tls_files.hpp"

namespace porthole {
namespace {

// Where relayed addresses are: of each family, where the first peer sees this machine. It has to be where all
// other machines among them do; to whoever is on this one, any address of it will do.
Result<std::vector<IpAddress>, Error> relay_ips(const std::vector<node::PeerRange>& peers,
                                                const std::vector<IpAddress>& local) {
  std::vector<IpAddress> found;
  for (const node::PeerRange& peer : peers) {
    const auto source = io::source_towards({peer.ip, peer.first_port});
    if (!source) {
      return fail(
          server::runtime_error("no route leads to " + peer.to_string() + ": check this machine's network"));
    }
    const auto same = std::ranges::find(found, source->family(), &IpAddress::family);
    const bool is_here = peer.ip.is_loopback() || std::ranges::find(local, peer.ip) != local.end();
    if (same == found.end()) {
      found.push_back(*source);
    } else if (*same != *source && !is_here) {
      return server::wrong("--to " + peer.to_string() + ": this is reached from " + source->to_string() +
                           " and others from " + same->to_string() + ": run a forwarder for each");
    }
  }
  return found;
}

}  // namespace

class Forwarder::Impl final {
 public:
  Impl(const ForwarderOptions& options, const std::vector<IpNetwork>& trusted_proxies)
      : loops_(server::worker_count(options.workers)), crew_(loops_, options.limits, trusted_proxies) {}

  void use_tls(const server::TlsFiles& files, const server::TlsContextHandle& context) {
    for (std::size_t i = 0; i < crew_.size(); ++i) crew_[i].use_tls(context);
    if (!server::are_given(files)) return;
    certificate_.emplace(loops_.first(), files, context, [this](const server::TlsContextHandle& fresh) {
      for (std::size_t i = 0; i < crew_.size(); ++i)
        loops_[i].post([this, fresh, i] { crew_[i].use_tls(fresh); });
    });
  }

  Result<void, Error> open(const ForwarderOptions& options, const server::ForwardPlan& plan,
                           const std::vector<IpAddress>& local) {
    node::ForwardOptions forward;
    forward.rules.peers = plan.peers;
    auto relays = relay_ips(plan.peers, local);
    if (!relays) return fail(relays.error());
    forward.rules.relay_ips = std::move(*relays);
    forward.rules.own_addresses = local;
    forward.secrets = options.secrets;
    forward.limits = server::turn_limits(options.limits);
    if (auto opened = crew_.open(plan.listen, std::move(forward)); !opened) {
      return fail(server::runtime_error(opened.error()));
    }
    for (const node::PeerRange& peer : plan.peers) peers_.push_back(peer.to_string());
    hosts_ = options.advertise;
    if (hosts_.empty()) hosts_ = {server::reachable_address(server::served_addresses(plan.listen, local))};
    if (options.handle_signals) handle_signals();
    return {};
  }

  void run() { loops_.run(); }

  void stop() {
    loops_.first().post([this] { shut_down(); });
  }

  void reload_certificate() {
    loops_.first().post([this] {
      if (certificate_) certificate_->reload();
    });
  }

  std::uint16_t port() const { return crew_.port(); }
  const std::vector<std::string>& peers() const { return peers_; }

  std::vector<std::string> urls() const {
    std::vector<std::string> urls;
    for (const std::string& host : hosts_) urls.push_back("turn:" + server::authority(host, port()));
    return urls;
  }

 private:
  // Without files SIGHUP is what it is elsewhere: the terminal is gone, and the program with it.
  void handle_signals() {
    std::vector<int> signals{SIGINT, SIGTERM};
    if (certificate_) signals.push_back(SIGHUP);
    loops_.first().on_signals(signals, [this](int signal) {
      if (signal != SIGHUP) return shut_down();
      if (certificate_) certificate_->reload();
    });
  }

  void shut_down() {
    if (std::exchange(is_down_, true)) return;
    certificate_.reset();
    loops_.stop([this](std::size_t worker) { crew_[worker].shut_down(); });
  }

  server::Loops loops_;
  server::ForwardCrew crew_;
  std::optional<server::CertificateWatch> certificate_;  // Where it came from files.
  std::vector<std::string> hosts_;
  std::vector<std::string> peers_;
  bool is_down_ = false;
};

std::variant<Forwarder, Error> Forwarder::start(const ForwarderOptions& options) {
  server::set_up_log(options.log_level);
  io::raise_file_limit();
  const std::vector<IpAddress> local = io::local_addresses();
  const auto plan = server::make_forward_plan(options, local);
  if (!plan) return plan.error();
  const WallTime today = io::EventLoop::wall_clock().time(io::EventLoop::now());
  const server::TlsFiles files{options.tls_cert_file, options.tls_key_file};
  auto tls = server::open_tls(files, options.advertise, server::served_addresses(plan->listen, local), today);
  if (!tls) return tls.error();
  auto impl = std::make_unique<Impl>(options, plan->trusted_proxies);
  impl->use_tls(files, *tls);
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
void Forwarder::reload_certificate() {
  impl_->reload_certificate();
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
