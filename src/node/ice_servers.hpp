// What a viewer puts into its RTCPeerConnection's iceServers: this server, with credentials of its own.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/http.hpp"
#include "turn/credentials.hpp"

namespace porthole::node {

// One rung of the ladder that a viewer climbs, as `?path=` names it.
enum class Rung { direct, ice_tcp, turn_udp, turn_tcp, turn_tls };

// nullopt for any other name. An empty one is no rung either: the viewer then races what ICE can race.
std::optional<Rung> parse_rung(std::string_view name);

struct IceServer {
  std::string url;  // "turn:HOST:PORT?transport=tcp"
  turn::Credentials credentials;
};

// The host and port that the client itself used, since a name and port that brought it here once will do so
// again, whatever port mappings lie between. The address that was hit where Host is missing or is no host.
std::string authority_of(const HttpRequest& request);

// Without a rung, TURN over TCP and TLS: with TURN over UDP on the ip:port of the direct candidate, Chromium
// ends on the relayed pair, and it reaches nothing that direct UDP does not (docs/decisions/0006). TLS only
// with the operator's own certificate, which browsers check against the host; with another they would try in
// vain.
std::vector<IceServer> ice_servers(std::string_view authority, std::optional<Rung> rung,
                                   const turn::Credentials& credentials, bool has_certificate);

// draft-ietf-wish-whep section 4.6: one Link header for each URL.
std::string link_header(const IceServer& server);

// The array for RTCPeerConnection's iceServers.
std::string to_json(const std::vector<IceServer>& servers);

}  // namespace porthole::node
