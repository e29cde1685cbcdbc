#include "server/plan.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <string_view>

namespace porthole::server {
namespace {

constexpr std::size_t kMaxNameLength = 64;

// 40 characters of 6 bits: beyond guessing.
constexpr std::size_t kSecretLength = 40;

// Paths that mean something else than a stream's page.
constexpr std::array<std::string_view, 10> kTakenNames{
    "assets", "api", "whep", "whip", "ice", "healthz", "metrics", "favicon.ico", "diagnose", "websocket"};

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

}  // namespace

Result<Plan, Error> make_plan(const ServerOptions& options, Random& random) {
  Plan plan;
  if (options.max_delay.count() <= 0) return wrong("max_delay: a frame must be allowed to wait for a moment");
  if (auto checked = check_workers(options.workers); !checked) return fail(checked.error());
  auto sources = plan_sources(options.sources);
  if (!sources) return fail(sources.error());
  plan.sources = std::move(*sources);

  auto listen = plan_listen(options.listen, options.port);
  if (!listen) return fail(listen.error());
  plan.listen = std::move(*listen);

  auto trusted = plan_trusted(options.trust_proxy);
  if (!trusted) return fail(trusted.error());
  plan.trusted_proxies = std::move(*trusted);

  for (const std::string& text : options.advertise) {
    const auto advertised = plan_advertised(text);
    if (!advertised) return fail(advertised.error());
    for (const SocketAddress& address : *advertised) {
      const bool is_known = std::ranges::find(plan.advertise, address) != plan.advertise.end();
      if (!is_known) plan.advertise.push_back(address);
    }
  }
  if (auto checked = check_secrets(options.secrets); !checked) return fail(checked.error());
  plan.secrets = options.secrets;
  if (plan.secrets.empty()) plan.secrets.push_back(random.token(kSecretLength));
  return plan;
}

}  // namespace porthole::server
