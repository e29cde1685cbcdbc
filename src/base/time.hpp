// Time is an argument: the core never asks for it, so that tests can run hours in milliseconds.
#pragma once

#include <chrono>
#include <cstdint>

namespace porthole {

using namespace std::chrono_literals;

using Duration = std::chrono::nanoseconds;

// A clock without now(): only io/ and media/ know what time it is.
struct Monotonic {
  using duration = Duration;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<Monotonic>;
  static constexpr bool is_steady = true;
};

using Instant = Monotonic::time_point;

// Time of day, UTC since 1970: for credentials that expire and for NTP timestamps.
using WallTime = std::chrono::sys_time<Duration>;

// What time of day it is at a given Instant. Whoever owns the real clock makes a new one now and then, so
// that a machine whose clock is set after start (a camera without a battery) is not wrong for ever.
class WallClock {
 public:
  WallClock() = default;
  WallClock(Instant at, WallTime wall) : at_(at), wall_(wall) {}

  WallTime time(Instant now) const { return wall_ + (now - at_); }
  std::int64_t unix_seconds(Instant now) const {
    return std::chrono::floor<std::chrono::seconds>(time(now)).time_since_epoch().count();
  }

 private:
  Instant at_{};
  WallTime wall_{};
};

}  // namespace porthole
