#include "check/explain.hpp"

#include <array>

namespace porthole::check {
namespace {

struct Words {
  std::string explanation;
  std::string advice;
};

const char* protocol(Carrier carrier) {
  return carrier == Carrier::udp ? "UDP" : "TCP";
}

// "UDP to 192.0.2.1 port 8443"
std::string place_text(const FaultPlace& place) {
  if (!place.proxied.empty()) return "CONNECT to " + place.proxied;
  if (!place.address) return std::string(protocol(place.carrier)) + " to the server";
  return std::string(protocol(place.carrier)) + " to " + place.address->ip.to_string() + " port " +
         std::to_string(place.address->port);
}

Words on_refused(const FaultPlace& place) {
  return {std::string("Refused at once: nothing listens there on ") + protocol(place.carrier) +
              ", a port mapping is missing, or a firewall says no.",
          "Server's owner: is Porthole running, and does every port mapping carry " +
              std::string(protocol(place.carrier)) + "? Firewall's owner: allow " + place_text(place) + "."};
}

Words on_timeout(const Fault& fault, const FaultPlace& place) {
  const std::string allow =
      "Firewall's owner: allow " + place_text(place) + ", from here and with its answers.";
  if (place.carrier == Carrier::udp) {
    return {"No answer: a firewall drops UDP, or the port mapping carries TCP only.", allow};
  }
  if (!fault.connected) return {"No answer to the request to connect: a firewall drops it.", allow};
  return {
      "Connected, but what was sent then got no answer: something in between swallows what it does not know.",
      "Firewall's owner: let " + place_text(place) + " pass without inspection."};
}

Words on_unreachable(const FaultPlace& place) {
  return {"There is no way to this address from here.", "Does this network have a route to " +
                                                            place_text(place) +
                                                            ", or is the address a private one of another?"};
}

Words on_reset(const Fault& fault, const FaultPlace& place) {
  if (!fault.connected)
    return {"The connection was reset.", "Firewall's owner: allow " + place_text(place) + "."};
  return {
      "Cut off at its first bytes: a firewall or proxy inspects the connection and does not know what it "
      "carries.",
      "Firewall's owner: let " + place_text(place) +
          " pass without inspection. Server's owner: TLS on port 443 passes most inspection."};
}

Words on_certificate() {
  return {"The certificate does not hold.",
          "Server's owner: use a valid certificate for this host. Network's owner: does a proxy open TLS "
          "here? Then "
          "exempt this host. --insecure goes on all the same."};
}

Words words_of(const Fault& fault, const FaultPlace& place) {
  if (!place.proxied.empty() && !fault.connected && fault.reason != Reason::no_such_name) {
    return {"The proxy itself does not answer.", "Check the address of the proxy, or unset it."};
  }
  switch (fault.reason) {
    case Reason::no_such_name:
      return {{}, "Check the spelling, and this machine's name server."};
    case Reason::refused:
      return on_refused(place);
    case Reason::timeout:
      return on_timeout(fault, place);
    case Reason::unreachable:
      return on_unreachable(place);
    case Reason::reset:
    case Reason::closed:
      return on_reset(fault, place);
    case Reason::no_tls:
      return {"What answers speaks no TLS: a page in clear, a proxy, or another server.", {}};
    case Reason::certificate:
      return on_certificate();
    case Reason::proxy:
      return {{},
              "Network's owner: let " + place_text(place) + " pass, without a proxy or login in between."};
    case Reason::unauthorized:
    case Reason::forbidden:
      return {"The server lets us not in.", "Server's owner: who may watch?"};
    case Reason::busy:
      return {"The server is full.", "Try again later, or ask its owner for more room."};
    default:
      return {};
  }
}

}  // namespace

FaultPlace place_of(const Endpoint& endpoint) {
  return {endpoint.tls ? Carrier::tls : Carrier::tcp, endpoint.address,
          endpoint.proxy ? endpoint.authority : ""};
}

std::string target_text(const FaultPlace& place) {
  static constexpr std::array<const char*, 3> kNames = {"udp ", "tcp ", "tls "};
  if (!place.address) return {};
  const std::string name = kNames[static_cast<std::size_t>(place.carrier)];
  if (place.proxied.empty()) return name + place.address->to_string();
  return name + place.proxied + " by proxy " + place.address->to_string();
}

void explain(RungReport& rung, const Fault& fault, const FaultPlace& place) {
  const Words words = words_of(fault, place);
  rung.state = RungState::fails;
  rung.reason = name_of(fault.reason);
  rung.explanation = words.explanation;
  if (!fault.detail.empty()) rung.explanation += (words.explanation.empty() ? "" : " ") + fault.detail;
  rung.advice = words.advice;
}

}  // namespace porthole::check
