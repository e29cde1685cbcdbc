#include "node/ice_servers.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "node/https_redirect.hpp"

namespace porthole::node {
namespace {

// RFC 1035 section 2.3.4, with room for a port.
constexpr std::size_t kMaxAuthority = 253 + 6;

struct RungName {
  std::string_view name;
  Rung rung;
};
constexpr std::array<RungName, 5> kRungs{{{"direct", Rung::direct},
                                          {"ice-tcp", Rung::ice_tcp},
                                          {"turn-udp", Rung::turn_udp},
                                          {"turn-tcp", Rung::turn_tcp},
                                          {"turn-tls", Rung::turn_tls}}};

bool is_host_character(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '-' ||
         c == '_';
}

bool is_host(std::string_view text) {
  const bool bracketed = text.size() > 2 && text.front() == '[' && text.back() == ']';
  if (bracketed) return IpAddress::parse(text.substr(1, text.size() - 2)).has_value();
  return !text.empty() && std::ranges::all_of(text, is_host_character);
}

struct Authority {
  std::string_view host;
  std::string_view port;  // With its colon; empty when there is none.
};

// The header ends up in a URL inside a header: nothing but a plain host and port may pass.
std::optional<Authority> parse_authority(std::string_view text) {
  if (text.size() > kMaxAuthority) return std::nullopt;
  const std::size_t colon = text.find(':', text.rfind(']') == std::string_view::npos ? 0 : text.rfind(']'));
  const Authority authority{text.substr(0, colon), colon == std::string_view::npos ? "" : text.substr(colon)};
  const bool port_is_fine =
      authority.port.empty() || SocketAddress::parse("0.0.0.0" + std::string(authority.port)).has_value();
  return is_host(authority.host) && port_is_fine ? std::optional(authority) : std::nullopt;
}

}  // namespace

std::optional<Rung> parse_rung(std::string_view name) {
  const auto found = std::ranges::find(kRungs, name, &RungName::name);
  return found == kRungs.end() ? std::nullopt : std::optional(found->rung);
}

std::string authority_of(const HttpRequest& request) {
  const auto authority = parse_authority(request.header("Host"));
  if (!authority) return request.via.local.to_string();
  const char* default_port = came_encrypted(request) ? ":443" : ":80";
  return std::string(authority->host) +
         (authority->port.empty() ? default_port : std::string(authority->port));
}

std::vector<IceServer> ice_servers(std::string_view authority, std::optional<Rung> rung,
                                   const turn::Credentials& credentials, bool has_certificate) {
  std::vector<IceServer> servers;
  const auto add = [&](const char* scheme, const char* transport) {
    servers.push_back({scheme + std::string(authority) + "?transport=" + transport, credentials});
  };
  if (rung == Rung::turn_udp) add("turn:", "udp");
  if (!rung || rung == Rung::turn_tcp) add("turn:", "tcp");
  if (has_certificate && (!rung || rung == Rung::turn_tls)) add("turns:", "tcp");
  return servers;
}

std::string link_header(const IceServer& server) {
  return "<" + server.url + ">; rel=\"ice-server\"; username=\"" + server.credentials.username +
         "\"; credential=\"" + server.credentials.password + "\"; credential-type=\"password\"";
}

std::string to_json(const std::vector<IceServer>& servers) {
  nlohmann::json array = nlohmann::json::array();
  for (const IceServer& server : servers) {
    array.push_back({{"urls", nlohmann::json::array({server.url})},
                     {"username", server.credentials.username},
                     {"credential", server.credentials.password}});
  }
  return array.dump();
}

}  // namespace porthole::node
