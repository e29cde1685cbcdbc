#include "node/ice_servers.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

namespace porthole::node {
namespace {

// RFC 1035 section 2.3.4, with room for a port.
constexpr std::size_t kMaxAuthority = 253 + 6;

struct RungName {
  std::string_view name;
  Rung rung;
};
constexpr std::array<RungName, 3> kRungs{
    {{"direct", Rung::direct}, {"turn-udp", Rung::turn_udp}, {"turn-tcp", Rung::turn_tcp}}};

bool is_authority_character(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '-' ||
         c == '_' || c == ':' || c == '[' || c == ']';
}

// The header ends up in a URL inside a header: nothing but a plain host and port may pass.
bool is_authority(std::string_view text) {
  return !text.empty() && text.size() <= kMaxAuthority && std::ranges::all_of(text, is_authority_character);
}

bool has_port(std::string_view authority) {
  const std::size_t colon = authority.rfind(':');
  return colon != std::string_view::npos && authority.find(']', colon) == std::string_view::npos;
}

}  // namespace

std::optional<Rung> parse_rung(std::string_view name) {
  const auto found = std::ranges::find(kRungs, name, &RungName::name);
  return found == kRungs.end() ? std::nullopt : std::optional(found->rung);
}

std::string authority_of(const HttpRequest& request) {
  const std::string_view host = request.header("Host");
  if (!is_authority(host)) return request.via.local.to_string();
  if (has_port(host)) return std::string(host);
  return std::string(host) + (request.via.transport == Transport::tls ? ":443" : ":80");
}

std::vector<IceServer> ice_servers(std::string_view authority, std::optional<Rung> rung,
                                   const turn::Credentials& credentials) {
  if (rung == Rung::direct) return {};
  const char* transport = rung == Rung::turn_udp ? "udp" : "tcp";
  return {{"turn:" + std::string(authority) + "?transport=" + transport, credentials}};
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
