#include "load/options.hpp"

#include "check/target.hpp"

namespace porthole::load {

std::optional<Endpoint> parse_endpoint(const std::string& url) {
  constexpr std::string_view kScheme = "http://";
  constexpr std::uint16_t kHttpPort = 80;
  if (!url.starts_with(kScheme)) return std::nullopt;
  const std::size_t slash = url.find('/', kScheme.size());
  const auto place = check::parse_host_port(std::string_view(url).substr(0, slash).substr(kScheme.size()));
  if (!place) return std::nullopt;
  const auto ip = IpAddress::parse(place->host == "localhost" ? "127.0.0.1" : place->host);
  if (!ip) return std::nullopt;
  return Endpoint{{*ip, place->port.value_or(kHttpPort)},
                  slash == std::string::npos ? "/" : url.substr(slash)};
}

const char* name_of(Path path) {
  switch (path) {
    case Path::ice_tcp:
      return "ice-tcp";
    case Path::turn_udp:
      return "turn-udp";
    case Path::turn_tcp:
      return "turn-tcp";
    case Path::turn_tls:
      return "turn-tls";
    case Path::direct:
      break;
  }
  return "direct";
}

bool is_turn(Path path) {
  return path == Path::turn_udp || path == Path::turn_tcp || path == Path::turn_tls;
}

}  // namespace porthole::load
