// The session descriptions of a viewer: a browser's offer, an answer to a server's offer, and what is read of
// the server's.
#pragma once

#include <bitset>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.hpp"
#include "base/result.hpp"
#include "check/offer.hpp"
#include "check/turn_link.hpp"
#include "crypto/dtls.hpp"

namespace porthole::load {

// What the server said, by an answer or an offer.
struct Description {
  check::IceCredentials ice;
  bool ice_lite = false;
  std::string fingerprint;  // "sha-256 AB:CD:…"
  bool active = false;      // It begins the DTLS handshake (RFC 8842): `a=setup:active`.
  std::vector<SocketAddress> udp;
  std::vector<SocketAddress> tcp;
  std::bitset<128> retransmissions;      // Payload types (RFC 4588).
  std::vector<check::TurnLink> servers;  // From the headers around it.
};

// The error is a sentence.
Result<Description, std::string> read_description(std::string_view sdp);

// A browser's offer with our own credentials and certificate in place of its.
std::string personal_offer(std::string_view offer, const check::IceCredentials& ice,
                           std::string_view fingerprint);

// Takes all the video that is offered, and begins the DTLS handshake.
std::string make_answer(std::string_view offer, const check::IceCredentials& ice,
                        std::string_view fingerprint, const SocketAddress& candidate);

}  // namespace porthole::load
