// What a run found, as JSON.
#pragma once

#include <optional>
#include <string>

#include "load/crowd.hpp"

namespace porthole::load {

// A storm of joins, where there was one.
struct Storm {
  Window window;  // What those saw who watched before.
  Arrivals arrivals;
};

struct Findings {
  Arrivals arrivals;
  Window steady;
  std::optional<Storm> storm;
  ProcessUsage before;     // The servers', before anybody joined.
  ProcessUsage connected;  // With those that watch.
  ProcessUsage after;      // With all, in the end.
};

// To be made before the viewers leave.
std::string report(const Options& options, const Crowd& crowd, const Findings& findings);

}  // namespace porthole::load
