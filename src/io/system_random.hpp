// The kernel's randomness, fetched in blocks.
#pragma once

#include <array>

#include "base/random.hpp"

namespace porthole::io {

// One per thread.
class SystemRandom final : public Random {
 public:
  void fill(MutableBytes out) override;

 private:
  // A system call for every 32-bit number would be felt where each packet needs one.
  static constexpr std::size_t kBlock = 512;

  std::array<std::uint8_t, kBlock> block_{};
  std::size_t used_ = kBlock;
};

}  // namespace porthole::io
