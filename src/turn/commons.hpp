// What the TURN servers of one port have in common, so that limits hold for all of them together.
#pragma once

#include <memory>
#include <string>

#include "base/address.hpp"
#include "base/quota.hpp"
#include "turn/reservations.hpp"

namespace porthole::turn {

// Where something is missing a server has it for itself, with its own limits.
struct Commons {
  // Allocations, in all and by the customer whose client has them: IpAddress::customer().
  std::shared_ptr<Quota<IpAddress>> allocations;
  // Allocations and what is reserved, by user_of().
  std::shared_ptr<Quota<std::string>> users;
  // Only where every server can take over what another has reserved: RelayAddresses::adopt().
  std::shared_ptr<Reservations> reservations;
};

}  // namespace porthole::turn
