// The tests' randomness: the same seed gives the same bytes on every machine.
#pragma once

#include <random>

#include "base/random.hpp"

namespace porthole::test {

class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed = 1) : engine_(seed) {}

  void fill(MutableBytes out) override {
    for (std::uint8_t& byte : out) byte = static_cast<std::uint8_t>(engine_());
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace porthole::test
