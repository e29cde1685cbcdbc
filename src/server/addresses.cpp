#include "server/addresses.hpp"

#include <algorithm>
#include <functional>
#include <optional>

#include "io/one_port.hpp"
#include "io/resolve.hpp"
#include "node/worker_id.hpp"
#include "turn/limits.hpp"

namespace porthole::server {
namespace {

// Whether a socket that listens on one address serves another: [::] takes IPv4 as well.
bool serves(const IpAddress& listening, const IpAddress& address) {
  if (!listening.is_unspecified()) return listening == address;
  return !listening.is_v4() || address.is_v4();
}

std::string url_host(const IpAddress& ip) {
  return ip.is_v4() ? ip.to_string() : "[" + ip.to_string() + "]";
}

const char* why_never_advertised(const IpAddress& ip) {
  if (ip.is_unspecified()) return "this is no machine's address";
  if (ip.is_multicast()) return "this is the address of many";
  if (!ip.is_v4() && ip.is_link_local()) return "this means nothing without an interface";
  return nullptr;
}

// A machine's own name often leads to its loopback address as well, or to addresses of one link.
std::vector<SocketAddress> resolve_advertised(const std::string& host, std::uint16_t port) {
  std::vector<IpAddress> ips = io::resolve(host);
  std::erase_if(ips, [](const IpAddress& ip) { return why_never_advertised(ip) != nullptr; });
  if (!std::ranges::all_of(ips, &IpAddress::is_loopback))
    std::erase_if(ips, std::mem_fn(&IpAddress::is_loopback));
  std::vector<SocketAddress> found;
  found.reserve(ips.size());
  for (const IpAddress& ip : ips) found.push_back({ip, port});
  return found;
}

std::optional<IpAddress> bracketed(const std::string& text) {
  if (text.size() < 2 || text.front() != '[' || text.back() != ']') return std::nullopt;
  return IpAddress::parse(text.substr(1, text.size() - 2));
}

Result<std::vector<SocketAddress>, Error> read_advertised(const std::string& text) {
  const auto ip = IpAddress::parse(text);
  if (const auto alone = ip ? ip : bracketed(text)) return std::vector<SocketAddress>{{*alone, 0}};
  if (const auto address = SocketAddress::parse(text)) return std::vector<SocketAddress>{*address};
  const std::size_t colon = text.rfind(':');
  const std::string host = text.substr(0, colon);
  // The port is read where every port is read: behind an address.
  const auto port =
      colon == std::string::npos ? SocketAddress{} : SocketAddress::parse("0.0.0.0" + text.substr(colon));
  if (host.empty() || !port)
    return wrong("--advertise " + text + ": write it as IP, HOST, IP:PORT or HOST:PORT");
  auto found = resolve_advertised(host, port->port);
  if (found.empty()) {
    return wrong("--advertise " + text + ": the name " + host +
                 " does not resolve; check its spelling and this machine's DNS, or give the IP address");
  }
  return found;
}

}  // namespace

Failure<Error> wrong(std::string message) {
  return fail(Error{Error::Kind::configuration, std::move(message)});
}

Error runtime_error(std::string message) {
  return {Error::Kind::runtime, std::move(message)};
}

Result<std::vector<SocketAddress>, Error> plan_advertised(const std::string& text) {
  auto found = read_advertised(text);
  if (!found) return found;
  for (const SocketAddress& address : *found) {
    if (const char* why = why_never_advertised(address.ip)) {
      return wrong("--advertise " + text + ": " + why + "; give an address that viewers can reach");
    }
  }
  return found;
}

Result<std::vector<SocketAddress>, Error> plan_listen(const std::vector<std::string>& listen,
                                                      std::uint16_t port) {
  if (listen.empty()) return std::vector<SocketAddress>{io::any_address(port)};
  std::vector<SocketAddress> addresses;
  for (const std::string& text : listen) {
    const auto ip = IpAddress::parse(text);
    if (!ip) return wrong("--listen " + text + ": this is no IP address; the port is given by --port");
    const auto same = std::ranges::find_if(
        addresses, [&](const SocketAddress& at) { return serves(at.ip, *ip) || serves(*ip, at.ip); });
    if (same != addresses.end()) {
      return wrong("--listen " + text + " and --listen " + same->ip.to_string() + " are the same: give one");
    }
    addresses.push_back({*ip, port});
  }
  return addresses;
}

Result<std::vector<IpNetwork>, Error> plan_trusted(const std::vector<std::string>& networks) {
  std::vector<IpNetwork> trusted;
  for (const std::string& text : networks) {
    const auto network = IpNetwork::parse(text);
    if (!network) {
      return wrong("--trust-proxy " + text +
                   ": write it as a network or an IP address, for example 192.0.2.0/24 or 2001:db8::7");
    }
    // Likelier one address with a wrong length than the whole network: to trust too many is no small mistake.
    if (network->first() != network->ip) {
      const IpNetwork whole{network->first(), network->prefix};
      return wrong("--trust-proxy " + text + ": write " + whole.to_string() + " for the whole network, or " +
                   network->ip.to_string() + " for that address alone");
    }
    trusted.push_back(*network);
  }
  return trusted;
}

Result<void, Error> check_secrets(const std::vector<std::string>& secrets) {
  // Anybody could make credentials with it.
  if (std::ranges::find(secrets, "") != secrets.end()) return wrong("an empty secret keeps nobody out");
  if (secrets.size() <= turn::kMaxSecrets) return {};
  return wrong("more than " + std::to_string(turn::kMaxSecrets) +
               " secrets: keep the current one and those that rotate out");
}

Result<void, Error> check_workers(std::size_t workers) {
  if (workers <= node::kMaxWorkers) return {};
  return wrong("workers: there can be at most " + std::to_string(node::kMaxWorkers));
}

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

std::string reachable_address(const std::vector<IpAddress>& addresses) {
  return addresses.empty() ? "localhost" : addresses.front().to_string();
}

std::string authority(const std::string& host, std::uint16_t port) {
  const auto unbracketed = IpAddress::parse(host);
  const auto ip = unbracketed ? unbracketed : bracketed(host);
  const bool has_port = !ip && host.find(':') != host.npos;
  const std::string name = ip ? url_host(*ip) : host;
  return has_port ? name : name + ":" + std::to_string(port);
}

}  // namespace porthole::server
