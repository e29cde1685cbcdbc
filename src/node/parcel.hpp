// What the workers of a server send each other.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "base/frame.hpp"
#include "node/route.hpp"
#include "node/viewer.hpp"

namespace porthole::node {

// In all of these a route names the worker whose it is, the sender or the receiver as well.

// A packet that arrived elsewhere, for a viewer of the receiver's.
struct PacketForYou {
  Route route;
  SocketAddress mapped;  // What the answer to a check has to say about where the client is.
  std::vector<std::uint8_t> packet;
};

// The answer to a check, which leaves by the receiver's route. Before it does, the route becomes the
// sender's, if the check has proved that its viewer is there: what the client sends next must find its way.
struct AnswerByYou {
  Route route;
  std::vector<std::uint8_t> packet;  // May be empty.
  bool claims_route = false;
};

// The receiver's route is no longer the sender's.
struct RouteReturned {
  Route route;
};

// The sender's route is no way to the receiver's viewer any more.
struct RouteGone {
  Route route;
};

// A viewer comes to the worker where its packets arrive.
struct ViewerMoves {
  std::unique_ptr<Viewer> viewer;
};

// That viewer has arrived: it is counted there, and no longer with the receiver.
struct ViewerArrived {
  std::string broadcast;
  VideoCodec codec;
};

// Names of the receiver's that are now, or no longer, those of a viewer of the sender's.
struct NamesMoved {
  std::vector<std::string> names;
  bool are_in_use = true;
};

// Credentials were given to somebody who may turn up at any worker.
struct UserMinted {
  std::string username;
};

struct Parcel {
  WorkerId from{};
  WorkerId to{};
  std::variant<PacketForYou, AnswerByYou, RouteReturned, RouteGone, ViewerMoves, ViewerArrived, NamesMoved,
               UserMinted>
      content;
};

}  // namespace porthole::node
