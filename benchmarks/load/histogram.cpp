#include "load/histogram.hpp"

#include <algorithm>
#include <cmath>

namespace porthole::load {

void Histogram::add(Duration value) {
  const Duration positive = std::max<Duration>(value, 0ns);
  ++counts_[std::min(static_cast<std::size_t>(positive / kStep), kSteps - 1)];
  ++count_;
  longest_ = std::max(longest_, positive);
}

Duration Histogram::quantile(double part) const {
  if (count_ == 0) return {};
  const auto wanted = static_cast<std::uint64_t>(std::ceil(part * static_cast<double>(count_)));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < kSteps; ++i) {
    seen += counts_[i];
    if (seen >= std::max<std::uint64_t>(wanted, 1)) {
      return std::min<Duration>(kStep * static_cast<std::int64_t>(i + 1), longest_);
    }
  }
  return longest_;
}

std::uint64_t Histogram::beyond(Duration limit) const {
  std::uint64_t total = 0;
  for (std::size_t i = static_cast<std::size_t>(limit / kStep); i < kSteps; ++i) total += counts_[i];
  return total;
}

}  // namespace porthole::load
