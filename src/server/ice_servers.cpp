#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <porthole/ice_servers.hpp>
#include <string_view>

#include "base/address.hpp"
#include "io/event_loop.hpp"
#include "server/addresses.hpp"
#include "turn/credentials.hpp"

namespace porthole {
namespace {

// RFC 8489 section 14.3 has 508 bytes for all of a USERNAME; the expiry takes some of them.
constexpr std::size_t kMaxUser = 256;
constexpr std::chrono::seconds kMaxTtl = std::chrono::hours(24 * 365);

bool is_port(std::string_view text) {
  const auto port = SocketAddress::parse("0.0.0.0:" + std::string(text));
  return port && port->port != 0;
}

bool is_host(std::string_view text) {
  if (text.starts_with('[') && text.ends_with(']')) {
    return IpAddress::parse(text.substr(1, text.size() - 2)).has_value();
  }
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' ||
           c == '-' || c == '_';
  });
}

// RFC 7065 section 3.1, with a port always: Porthole's is no default one.
bool is_turn_url(std::string_view url) {
  const std::size_t scheme = url.find(':');
  if (url.substr(0, scheme) != "turn" && url.substr(0, scheme) != "turns") return false;
  std::string_view rest = url.substr(scheme + 1);
  const std::size_t query = rest.find('?');
  if (query != rest.npos) {
    const std::string_view transport = rest.substr(query);
    if (transport != "?transport=udp" && transport != "?transport=tcp") return false;
    rest = rest.substr(0, query);
  }
  const std::size_t colon = rest.rfind(':');
  return colon != rest.npos && is_host(rest.substr(0, colon)) && is_port(rest.substr(colon + 1));
}

Result<void, Error> check(const IceServersOptions& options) {
  using server::wrong;
  if (options.secrets.empty()) return wrong("credentials need the server's secret: give its --secret-file");
  if (auto checked = server::check_secrets(options.secrets); !checked) return checked;
  if (options.urls.empty()) return wrong("give the server's URL, for example --url turn:cam.example:8443");
  for (const std::string& url : options.urls) {
    if (!is_turn_url(url))
      return wrong("--url " + url + ": write it as turn:HOST:PORT, turns: for TLS, with " +
                   "?transport=udp or ?transport=tcp behind it if you like");
  }
  if (options.ttl <= std::chrono::seconds(0) || options.ttl > kMaxTtl) {
    return wrong("--ttl: credentials last from one second to a year");
  }
  const bool is_plain = std::ranges::all_of(options.user, [](char c) { return c > ' ' && c <= '~'; });
  if (!is_plain || options.user.size() > kMaxUser) {
    return wrong("--user: use at most " + std::to_string(kMaxUser) + " ASCII characters, no spaces");
  }
  return {};
}

}  // namespace

std::variant<std::string, Error> ice_servers(const IceServersOptions& options) {
  if (const auto checked = check(options); !checked) return checked.error();
  const std::int64_t now = io::EventLoop::wall_clock().unix_seconds(io::EventLoop::now());
  const turn::Credentials made = turn::mint(options.secrets.front(), options.user, now + options.ttl.count());
  const nlohmann::json server{
      {"urls", options.urls}, {"username", made.username}, {"credential", made.password}};
  return nlohmann::json::array({server}).dump();
}

}  // namespace porthole
