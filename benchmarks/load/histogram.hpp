// Many durations, kept as counts: percentiles to a tenth of a millisecond, in memory that does not grow.
#pragma once

#include <cstdint>
#include <vector>

#include "base/time.hpp"

namespace porthole::load {

class Histogram {
 public:
  void add(Duration value);

  std::uint64_t count() const { return count_; }
  // The least value that so much of all (0 to 1) does not exceed; 0 where there is nothing.
  Duration quantile(double part) const;
  Duration longest() const { return longest_; }
  // How many took longer.
  std::uint64_t beyond(Duration limit) const;

 private:
  static constexpr Duration kStep = 100us;
  static constexpr std::size_t kSteps = 200'000;  // 20 s; longer ones count as that long.

  std::vector<std::uint32_t> counts_ = std::vector<std::uint32_t>(kSteps);
  std::uint64_t count_ = 0;
  Duration longest_{};
};

}  // namespace porthole::load
