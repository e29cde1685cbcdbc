#include "io/system_random.hpp"

#include <gtest/gtest.h>

#include <set>
#include <vector>

namespace porthole::io {
namespace {

TEST(SystemRandom, NeverHandsOutTheSameBytesTwice) {
  SystemRandom first;
  SystemRandom second;
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 1000; ++i) seen.insert({first.u64(), second.u64()});
  EXPECT_EQ(seen.size(), 2000u);
}

TEST(SystemRandom, FillsAnySizeToTheLastByte) {
  SystemRandom random;
  for (const std::size_t size : {1u, 511u, 512u, 513u, 5000u}) {
    // A byte that stays zero in 20 fills was never written (odds of 2^-160 otherwise).
    std::vector<std::uint8_t> seen(size);
    for (int i = 0; i < 20; ++i) {
      std::vector<std::uint8_t> bytes(size);
      random.fill(bytes);
      for (std::size_t k = 0; k < size; ++k) seen[k] = static_cast<std::uint8_t>(seen[k] | bytes[k]);
    }
    EXPECT_EQ(std::count(seen.begin(), seen.end(), 0), 0) << size;
  }
  random.fill({});
}

}  // namespace
}  // namespace porthole::io
