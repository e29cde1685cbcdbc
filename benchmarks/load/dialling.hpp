// Which signalling and which link a viewer uses, as the options say.
#pragma once

#include <memory>
#include <optional>

#include "load/viewer.hpp"

namespace porthole::load {

std::unique_ptr<Signalling> make_signalling(const Surroundings& surroundings,
                                            const check::IceCredentials& ice, SignallingEvents& events);

struct Dialled {
  std::unique_ptr<Link> link;           // Not open yet.
  std::optional<check::TurnLink> turn;  // What lies at its other end, where that is not the server itself.
};

// The error is a sentence.
Result<Dialled, std::string> dial(const Surroundings& surroundings, const Description& description,
                                  LinkEvents& events);

}  // namespace porthole::load
