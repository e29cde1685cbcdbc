// When a packet came, as the kernel stamps it.
#pragma once

#include <ctime>

#include <cstdint>

namespace porthole::load {

// Nanoseconds of CLOCK_REALTIME, which is what SO_TIMESTAMPNS reads: only differences are of interest.
using Arrival = std::int64_t;

inline Arrival to_arrival(const timespec& time) {
  return Arrival{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

inline Arrival arrival_now() {
  timespec time{};
  ::clock_gettime(CLOCK_REALTIME, &time);
  return to_arrival(time);
}

}  // namespace porthole::load
