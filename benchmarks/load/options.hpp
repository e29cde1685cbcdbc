// What a run of the load generator is asked for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/address.hpp"

namespace porthole::load {

enum class Path : std::uint8_t { direct, ice_tcp, turn_udp, turn_tcp, turn_tls };
enum class Protocol : std::uint8_t { whep, janus };

struct Options {
  std::string url;
  std::size_t viewers = 10;
  double seconds = 10;   // Of the measured window.
  double warm_up = 2;    // Between the last join and the window.
  double rate = 100;     // Joins a second.
  double patience = 20;  // Seconds that one join may take.
  Path path = Path::direct;
  Protocol signalling = Protocol::whep;
  std::string srtp = "any";
  std::string offer;         // A file: the offer of a browser.
  std::vector<int> servers;  // Process ids.
  double nap = 2;            // Milliseconds between two looks at the sockets, while it is measured.
  bool gro = true;
  bool feedback = false;
  double loss = 0;
  std::size_t storm = 0;  // Viewers that join while those of `viewers` watch.
  bool verbose = false;
};

// "http://127.0.0.1:8443/whep/NAME"
struct Endpoint {
  SocketAddress address;
  std::string target;  // From the path on.
};

// An IP address or localhost; nullopt where it is anything else.
std::optional<Endpoint> parse_endpoint(const std::string& url);

const char* name_of(Path path);
bool is_turn(Path path);

}  // namespace porthole::load
