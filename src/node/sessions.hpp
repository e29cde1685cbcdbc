// Sessions: what WHEP creates, restarts and deletes. One session is one viewer.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "node/broadcast.hpp"
#include "node/neighbours.hpp"
#include "node/node_options.hpp"
#include "node/turn_front.hpp"
#include "node/viewers.hpp"
#include "rtc/negotiation.hpp"
#include "turn/credentials.hpp"

namespace porthole::node {

enum class SessionError {
  unknown_broadcast,
  too_many_viewers,
  malformed_offer,  // See SessionFailure::reason.
  no_common_codec,  // The same.
};

struct SessionFailure {
  SessionError error;
  std::string_view reason;  // A sentence for people. Static storage.
};

struct NewSession {
  std::string id;      // Unguessable: whoever knows it may end the session.
  std::string etag;    // Names the ICE session, in quotes.
  std::string answer;  // SDP.
  turn::Credentials credentials;
};

struct RestartedSession {
  std::string etag;
  std::string fragment;  // application/trickle-ice-sdpfrag
};

class Sessions {
 public:
  // Everything is borrowed and outlives this.
  Sessions(const NodeOptions& options, Broadcasts& broadcasts, Viewers& viewers, Neighbours& neighbours,
           crypto::DtlsFactory& dtls, TurnFront& turn, Random& random);

  // `via` is the connection that the offer came on: the address that it arrived at is offered as a candidate.
  Result<NewSession, SessionFailure> create(std::string_view broadcast, std::string_view offer,
                                            const FiveTuple& via, Instant now);

  // nullptr when there is no such session of this broadcast.
  Viewer* find(std::string_view broadcast, std::string_view id);

  // New ICE credentials for a viewer whose network changed (RFC 8445 section 9).
  RestartedSession restart(Viewer& viewer, const rtc::IceCredentials& remote, const FiveTuple& via);

  // TURN credentials for one more user of this server, good for kCredentialLifetime.
  turn::Credentials mint(Instant now);

 private:
  rtc::IceCredentials new_ice();

  // Borrowed: all outlive this.
  const NodeOptions& options_;
  Broadcasts& broadcasts_;
  Viewers& viewers_;
  Neighbours& neighbours_;
  crypto::DtlsFactory& dtls_;
  TurnFront& turn_;
  Random& random_;
};

}  // namespace porthole::node
