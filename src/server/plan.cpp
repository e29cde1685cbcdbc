#include "server/plan.hpp"

#include <algorithm>
#include <set>
#include <string_view>

#include "io/one_port.hpp"
#include "io/resolve.hpp"
#include "turn/limits.hpp"

namespace porthole::server {
namespace {

constexpr std::size_t kMaxNameLength = 64;

// 40 characters of 6 bits: beyond guessing.
constexpr std::size_t kSecretLength = 40;

// Paths that mean something else than a stream's page.
constexpr std::array<std::string_view, 8> kTakenNames{"assets", "api",     "whep",    "whip",
                                                      "ice",    "healthz", "metrics", "favicon.ico"};

Failure<Error> wrong(std::string message) {
  return fail(Error{Error::Kind::configuration, std::move(message)});
}

bool is_name_character(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_' ||
         c == '.';
}

// Empty when the name is fine.
std::string name_problem(const std::string& name) {
  if (name.empty() || name.size() > kMaxNameLength || !std::ranges::all_of(name, is_name_character) ||
      name.front() == '.') {
    return "stream name '" + name + "': use 1 to 64 letters, digits, '-', '_' and '.', not '.' first";
  }
  if (std::ranges::find(kTakenNames, name) != kTakenNames.end()) {
    return "stream name '" + name + "' is one of the server's own paths: choose another";
  }
  return {};
}

Result<std::vector<SourceOptions>, Error> plan_sources(const std::vector<SourceOptions>& sources) {
  if (sources.empty()) return std::vector<SourceOptions>{{"test-pattern", "test-pattern:"}};
  std::set<std::string> names;
  for (const SourceOptions& source : sources) {
    if (const std::string problem = name_problem(source.name); !problem.empty()) return wrong(problem);
    if (!names.insert(source.name).second) {
      return wrong("stream name '" + source.name + "' is used twice: give each source a name of its own");
    }
  }
  return sources;
}

// "IP", "IP:PORT", "[IPv6]:PORT", "HOST" or "HOST:PORT".
Result<std::vector<SocketAddress>, Error> plan_advertised(const std::string& text) {
  if (const auto ip = IpAddress::parse(text)) return std::vector<SocketAddress>{{*ip, 0}};
  if (const auto address = SocketAddress::parse(text)) return std::vector<SocketAddress>{*address};
  const std::size_t colon = text.rfind(':');
  const std::string host = text.substr(0, colon);
  // The port is read where every port is read: behind an address.
  const auto port =
      colon == std::string::npos ? SocketAddress{} : SocketAddress::parse("0.0.0.0" + text.substr(colon));
  if (host.empty() || !port)
    return wrong("--advertise " + text + ": write it as IP, HOST, IP:PORT or HOST:PORT");
  std::vector<SocketAddress> found;
  for (const IpAddress& ip : io::resolve(host)) found.push_back({ip, port->port});
  if (found.empty()) {
    return wrong("--advertise " + text + ": the name " + host +
                 " does not resolve; check its spelling and this machine's DNS, or give the IP address");
  }
  return found;
}

Result<std::vector<SocketAddress>, Error> plan_listen(const ServerOptions& options) {
  if (options.listen.empty()) return std::vector<SocketAddress>{io::any_address(options.port)};
  std::vector<SocketAddress> addresses;
  for (const std::string& text : options.listen) {
    const auto ip = IpAddress::parse(text);
    if (!ip) return wrong("--listen " + text + ": this is no IP address; the port is given by --port");
    addresses.push_back({*ip, options.port});
  }
  return addresses;
}

// Whether a socket that listens on one address serves another: [::] takes IPv4 as well.
bool serves(const IpAddress& listening, const IpAddress& address) {
  if (!listening.is_unspecified()) return listening == address;
  return !listening.is_v4() || address.is_v4();
}

}  // namespace

std::vector<IpAddress> served_addresses(const std::vector<SocketAddress>& listen,
                                        const std::vector<IpAddress>& local) {
  std::vector<IpAddress> served;
  for (const IpAddress& address : local) {
    if (std::ranges::any_of(listen, [&](const SocketAddress& at) { return serves(at.ip, address); })) {
      served.push_back(address);
    }
  }
  return served;
}

Result<Plan, Error> make_plan(const ServerOptions& options, Random& random) {
  Plan plan;
  auto sources = plan_sources(options.sources);
  if (!sources) return fail(sources.error());
  plan.sources = std::move(*sources);

  auto listen = plan_listen(options);
  if (!listen) return fail(listen.error());
  plan.listen = std::move(*listen);

  for (const std::string& text : options.advertise) {
    const auto advertised = plan_advertised(text);
    if (!advertised) return fail(advertised.error());
    plan.advertise.insert(plan.advertise.end(), advertised->begin(), advertised->end());
  }
  if (options.secrets.size() > turn::kMaxSecrets) {
    return wrong("more than " + std::to_string(turn::kMaxSecrets) +
                 " secrets: keep the current one and those that "
                 "rotate out");
  }
  plan.secrets = options.secrets;
  if (plan.secrets.empty()) plan.secrets.push_back(random.token(kSecretLength));
  return plan;
}

}  // namespace porthole::server
