#include <csignal>
#include <optional>
#include <porthole/server.hpp>
#include <utility>
#include <vector>

#include "crypto/certificate.hpp"
#include "crypto/dtls.hpp"
#include "io/file_limit.hpp"
#include "io/interfaces.hpp"
#include "server/certificate_watch.hpp"
#include "server/crew.hpp"
#include "server/limits.hpp"
#include "server/log.hpp"
#include "server/loops.hpp"
#include "server/plan.hpp"
#include "server/sources.hpp"
#include "server/tls_files.hpp"

namespace porthole {

using server::runtime_error;

// Members in the order in which they may rely on each other; they go in the opposite one.
class Server::Impl final {
 public:
  Impl(std::unique_ptr<crypto::OpenSslDtlsFactory> dtls, const ServerOptions& options,
       const std::vector<IpNetwork>& trusted_proxies)
      : dtls_(std::move(dtls)),
        loops_(server::worker_count(options.workers)),
        crew_(loops_, *dtls_, sources_, options.limits, trusted_proxies) {}

  // The sources' threads post to the workers, which are younger.
  ~Impl() { sources_.close(); }

  void use_tls(const server::TlsFiles& files, const server::TlsContextHandle& context) {
    for (std::size_t i = 0; i < crew_.size(); ++i) crew_[i].use_tls(context);
    if (!server::are_given(files)) return;
    scheme_ = "https://";
    certificate_.emplace(loops_.first(), files, context, [this](const server::TlsContextHandle& fresh) {
      for (std::size_t i = 0; i < crew_.size(); ++i)
        loops_[i].post([this, fresh, i] { crew_[i].use_tls(fresh); });
    });
  }

  Result<void, Error> open(const ServerOptions& options, server::Plan plan) {
    node::NodeOptions node;
    node.advertised = plan.advertise;
    node.addresses = server::served_addresses(plan.listen, io::local_addresses());
    node.secrets = std::move(plan.secrets);
    node.has_certificate = certificate_.has_value();
    node.max_viewers = options.max_viewers;
    node.max_delay = options.max_delay;
    node.turn_limits = server::turn_limits(options.limits);
    host_ = options.advertise.empty() ? server::reachable_address(node.addresses) : options.advertise.front();
    if (auto opened = crew_.open(plan.listen, std::move(node)); !opened) {
      return fail(runtime_error(opened.error()));
    }
    if (auto opened = sources_.open(plan.sources, crew_.receivers()); !opened) {
      return fail(runtime_error(opened.error()));
    }
    for (const SourceOptions& source : plan.sources) names_.push_back(source.name);
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

  std::vector<std::string> urls() const {
    const std::string authority = server::authority(host_, port());
    std::vector<std::string> urls;
    for (const std::string& name : names_) urls.push_back(scheme_ + authority + "/" + name);
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
    sources_.close();
    loops_.stop([this](std::size_t worker) { crew_[worker].shut_down(); });
  }

  std::unique_ptr<crypto::OpenSslDtlsFactory> dtls_;
  server::Loops loops_;
  server::Sources sources_;
  server::Crew crew_;
  std::optional<server::CertificateWatch> certificate_;  // Where it came from files.
  const char* scheme_ = "http://";
  std::string host_;
  std::vector<std::string> names_;
  bool is_down_ = false;
};

std::variant<Server, Error> Server::start(const ServerOptions& options) {
  server::set_up_log(options.log_level);
  io::raise_file_limit();
  io::SystemRandom random;
  auto plan = server::make_plan(options, random);
  if (!plan) return plan.error();

  const Instant now = io::EventLoop::now();
  const WallTime today = io::EventLoop::wall_clock().time(now);
  const server::TlsFiles files{options.tls_cert_file, options.tls_key_file};
  auto tls = server::open_tls(files, options.advertise,
                              server::served_addresses(plan->listen, io::local_addresses()), today);
  if (!tls) return tls.error();
  auto certificate = crypto::Certificate::self_signed(today);
  auto dtls = certificate ? crypto::OpenSslDtlsFactory::create(std::move(*certificate)) : nullptr;
  if (dtls == nullptr) return runtime_error("OpenSSL cannot make a DTLS certificate: check its installation");

  auto impl = std::make_unique<Impl>(std::move(dtls), options, plan->trusted_proxies);
  impl->use_tls(files, *tls);
  if (auto opened = impl->open(options, std::move(*plan)); !opened) return opened.error();
  return Server(std::move(impl));
}

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Server::Server(Server&&) noexcept = default;
Server& Server::operator=(Server&&) noexcept = default;
Server::~Server() = default;

void Server::run() {
  impl_->run();
}
void Server::stop() {
  impl_->stop();
}
void Server::reload_certificate() {
  impl_->reload_certificate();
}
std::uint16_t Server::port() const {
  return impl_->port();
}
std::vector<std::string> Server::urls() const {
  return impl_->urls();
}

const char* version() {
  return PORTHOLE_VERSION;
}

}  // namespace porthole
