#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <array>
#include <csignal>
#include <porthole/server.hpp>
#include <utility>

#include "crypto/certificate.hpp"
#include "crypto/dtls.hpp"
#include "io/interfaces.hpp"
#include "server/plan.hpp"
#include "server/sources.hpp"
#include "server/tls_files.hpp"
#include "server/worker.hpp"

namespace porthole {
namespace {

void set_up_log(LogLevel level) {
  constexpr std::array<spdlog::level::level_enum, 5> kLevels{
      spdlog::level::debug, spdlog::level::info, spdlog::level::warn, spdlog::level::err, spdlog::level::off};
  static const auto logger = spdlog::stderr_logger_mt("porthole");
  logger->set_pattern("%Y-%m-%d %H:%M:%S.%e %l %v");
  logger->set_level(kLevels[static_cast<std::size_t>(level)]);
  spdlog::set_default_logger(logger);
}

std::string url_host(const IpAddress& ip) {
  return ip.is_v4() ? ip.to_string() : "[" + ip.to_string() + "]";
}

Error runtime_error(std::string message) {
  return {Error::Kind::runtime, std::move(message)};
}

}  // namespace

// Members in the order in which they may rely on each other; they go in the opposite one.
class Server::Impl final {
 public:
  explicit Impl(std::unique_ptr<crypto::OpenSslDtlsFactory> dtls)
      : dtls_(std::move(dtls)), sources_(loop_), worker_(loop_, *dtls_, sources_) {}

  // The sources' threads post to the worker, which is the younger one.
  ~Impl() { sources_.close(); }

  void use_tls(server::TlsContextHandle context) { worker_.use_tls(std::move(context)); }

  Result<void, Error> open(const ServerOptions& options, server::Plan plan) {
    node::NodeOptions node;
    node.advertised = plan.advertise;
    node.addresses = server::served_addresses(plan.listen, io::local_addresses());
    node.secrets = std::move(plan.secrets);
    node.max_viewers = options.max_viewers;
    host_ = options.advertise.empty() ? reachable_address(node.addresses) : options.advertise.front();
    if (auto opened = worker_.open(plan.listen, std::move(node)); !opened) {
      return fail(runtime_error(opened.error()));
    }
    if (auto opened = sources_.open(plan.sources, worker_); !opened) {
      return fail(runtime_error(opened.error()));
    }
    for (const SourceOptions& source : plan.sources) names_.push_back(source.name);
    if (options.handle_signals) loop_.on_signals({SIGINT, SIGTERM}, [this](int) { shut_down(); });
    return {};
  }

  void run() { loop_.run(); }

  void stop() {
    loop_.post([this] { shut_down(); });
  }

  std::uint16_t port() const { return worker_.port(); }

  std::vector<std::string> urls() const {
    const bool has_port =
        SocketAddress::parse(host_) || (!IpAddress::parse(host_) && host_.find(':') != host_.npos);
    const auto ip = IpAddress::parse(host_);
    std::string authority = ip ? url_host(*ip) : host_;
    if (!has_port) authority += ":" + std::to_string(port());
    std::vector<std::string> urls;
    for (const std::string& name : names_) urls.push_back("http://" + authority + "/" + name);
    return urls;
  }

 private:
  static std::string reachable_address(const std::vector<IpAddress>& addresses) {
    return addresses.empty() ? "localhost" : addresses.front().to_string();
  }

  void shut_down() {
    if (std::exchange(is_down_, true)) return;
    sources_.close();
    worker_.shut_down();
    loop_.stop();
  }

  std::unique_ptr<crypto::OpenSslDtlsFactory> dtls_;
  io::EventLoop loop_;
  server::Sources sources_;
  server::Worker worker_;
  std::string host_;
  std::vector<std::string> names_;
  bool is_down_ = false;
};

std::variant<Server, Error> Server::start(const ServerOptions& options) {
  set_up_log(options.log_level);
  io::SystemRandom random;
  auto plan = server::make_plan(options, random);
  if (!plan) return plan.error();

  const Instant now = io::EventLoop::now();
  const WallTime today = io::EventLoop::wall_clock().time(now);
  auto tls = server::open_tls(options, server::served_addresses(plan->listen, io::local_addresses()), today);
  if (!tls) return tls.error();
  auto certificate = crypto::Certificate::self_signed(today);
  auto dtls = certificate ? crypto::OpenSslDtlsFactory::create(std::move(*certificate)) : nullptr;
  if (dtls == nullptr) return runtime_error("OpenSSL cannot make a DTLS certificate: check its installation");

  auto impl = std::make_unique<Impl>(std::move(dtls));
  impl->use_tls(std::move(*tls));
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
