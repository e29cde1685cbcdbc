// TURN credentials for browsers, made offline: whoever knows the secret of a Porthole server can make them.
//
// Example:
//
//     porthole::IceServersOptions options;
//     options.secrets = {"the first line of the server's --secret-file"};
//     options.urls = {"turn:cam.example:8443?transport=udp", "turn:cam.example:8443?transport=tcp"};
//     options.user = "alice";
//     const auto made = porthole::ice_servers(options);
//     if (const auto* error = std::get_if<porthole::Error>(&made)) {
//       std::fprintf(stderr, "%s\n", error->message.c_str());
//       return 1;
//     }
//     const auto& json = std::get<std::string>(made);  // new RTCPeerConnection({iceServers:
//     JSON.parse(json)})
#pragma once

#include <chrono>
#include <porthole/basics.hpp>
#include <string>
#include <variant>
#include <vector>

namespace porthole {

struct IceServersOptions {
  // Those of the server; the first one signs. At least one.
  std::vector<std::string> secrets;

  // "turn:HOST:PORT", "turn:HOST:PORT?transport=udp|tcp" or the same with "turns:" (RFC 7065). At least one.
  std::vector<std::string> urls;

  // How long the credentials are good for. Clients that are connected by then keep what they have until they
  // have to refresh it, at most an hour.
  std::chrono::seconds ttl = std::chrono::hours(1);

  // A name for whoever gets them, so that limits and logs can tell users apart. Empty: nobody in particular.
  std::string user;
};

// The JSON array for RTCPeerConnection's iceServers, on one line. Reads the time of day and nothing else.
std::variant<std::string, Error> ice_servers(const IceServersOptions& options);

}  // namespace porthole
