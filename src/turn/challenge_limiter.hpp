// How many challenges a source of datagrams gets: an answer to a forged request hits the one who was forged.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "base/packet.hpp"
#include "base/time.hpp"
#include "turn/limits.hpp"

namespace porthole::turn {

// A table of fixed size. Sources are told apart by address and port, so that clients behind one NAT have a
// bucket each; two that fall on one place push each other out and begin anew, which favours both.
class ChallengeLimiter {
 public:
  ChallengeLimiter() : buckets_(kChallengeSources) {}

  // Whether one more challenge may go to that source now; it is counted if so.
  bool allow(const SocketAddress& source, Instant now);

 private:
  struct Bucket {
    SocketAddress source;
    Instant counted_until{};  // As in ByteBudget: where the source's challenges end at the lasting rate.
  };

  std::vector<Bucket> buckets_;
};

}  // namespace porthole::turn
