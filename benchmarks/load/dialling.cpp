#include "load/dialling.hpp"

#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

#include "io/socket_address.hpp"
#include "load/janus.hpp"
#include "load/stream_link.hpp"
#include "load/udp_link.hpp"
#include "load/whep.hpp"

namespace porthole::load {
namespace {

// Only this machine is ever loaded: a socket can be bound to no address but its own.
bool is_of_this_machine(const IpAddress& ip) {
  const int fd = ::socket(ip.is_v4() ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return false;
  const io::KernelAddress address = io::to_kernel({ip, 0}, ip.family());
  const bool bound = ::bind(fd, address.get(), address.size) == 0;
  ::close(fd);
  return bound;
}

// The address that signalling went to, where the server has it; or else any of this machine's.
std::optional<SocketAddress> choose(const std::vector<SocketAddress>& candidates,
                                    const IpAddress& preferred) {
  const auto same = std::ranges::find(candidates, preferred, &SocketAddress::ip);
  if (same != candidates.end()) return *same;
  const auto ours = std::ranges::find_if(
      candidates, [](const SocketAddress& candidate) { return is_of_this_machine(candidate.ip); });
  return ours == candidates.end() ? std::nullopt : std::optional(*ours);
}

// Porthole offers TURN over UDP, which browsers gain nothing by, only to those who ask for it.
Endpoint asking_for_path(Endpoint endpoint, Path path) {
  const bool asks = endpoint.target.find('?') != std::string::npos;
  if (is_turn(path) && !asks) endpoint.target += std::string("?path=") + name_of(path);
  return endpoint;
}

bool serves(const check::TurnLink& server, Path path) {
  return server.secure == (path == Path::turn_tls) && server.udp == (path == Path::turn_udp);
}

Result<Dialled, std::string> dial_turn(const Surroundings& surroundings, const Description& description,
                                       LinkEvents& events) {
  const Path path = surroundings.options.path;
  const auto server = std::ranges::find_if(
      description.servers, [path](const check::TurnLink& link) { return serves(link, path); });
  if (server == description.servers.end()) {
    return fail(std::string("the server offers no ") + name_of(path));
  }
  const auto ip = IpAddress::parse(server->host);
  if (!ip || !is_of_this_machine(*ip)) return fail("TURN is not on this machine: " + server->host);
  const SocketAddress address{*ip, server->port};
  Dialled dialled{nullptr, *server};
  if (path == Path::turn_udp) {
    dialled.link = std::make_unique<UdpLink>(surroundings.poller, surroundings.reader, address,
                                             surroundings.options.gro, events);
  } else {
    crypto::SslHandle tls(path == Path::turn_tls ? SSL_new(surroundings.tls) : nullptr);
    dialled.link = std::make_unique<StreamLink>(surroundings.poller, address, wire::StreamFraming::turn,
                                                std::move(tls), events);
  }
  return dialled;
}

}  // namespace

std::unique_ptr<Signalling> make_signalling(const Surroundings& surroundings,
                                            const check::IceCredentials& ice, SignallingEvents& events) {
  const std::string fingerprint = surroundings.dtls.fingerprint();
  if (surroundings.options.signalling == Protocol::janus) {
    return std::make_unique<Janus>(surroundings.poller, surroundings.endpoint, ice, fingerprint, events);
  }
  return std::make_unique<Whep>(surroundings.poller,
                                asking_for_path(surroundings.endpoint, surroundings.options.path),
                                personal_offer(surroundings.offer, ice, fingerprint), events);
}

Result<Dialled, std::string> dial(const Surroundings& surroundings, const Description& description,
                                  LinkEvents& events) {
  const Path path = surroundings.options.path;
  if (is_turn(path)) return dial_turn(surroundings, description, events);
  const auto address =
      choose(path == Path::direct ? description.udp : description.tcp, surroundings.endpoint.address.ip);
  if (!address) return fail(std::string("the server offers no ") + name_of(path) + " on this machine");
  Dialled dialled;
  if (path == Path::direct) {
    dialled.link = std::make_unique<UdpLink>(surroundings.poller, surroundings.reader, *address,
                                             surroundings.options.gro, events);
  } else {
    dialled.link = std::make_unique<StreamLink>(surroundings.poller, *address,
                                                wire::StreamFraming::length_prefix, nullptr, events);
  }
  return dialled;
}

}  // namespace porthole::load
