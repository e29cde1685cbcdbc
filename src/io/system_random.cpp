#include "io/system_random.hpp"

#include <sys/random.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

namespace porthole::io {
namespace {

void fetch(MutableBytes out) {
  while (!out.empty()) {
    const ssize_t got = getrandom(out.data(), out.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    // Keys from anything weaker would be worse than no service.
    if (got <= 0) std::abort();
    out = out.subspan(static_cast<std::size_t>(got));
  }
}

}  // namespace

void SystemRandom::fill(MutableBytes out) {
  if (out.size() > kBlock) return fetch(out);
  if (out.size() > kBlock - used_) {
    fetch(block_);
    used_ = 0;
  }
  const auto from = block_.begin() + static_cast<std::ptrdiff_t>(used_);
  std::copy_n(from, out.size(), out.begin());
  // What was handed out must not be found in memory later.
  std::fill_n(from, out.size(), std::uint8_t{0});
  used_ += out.size();
}

}  // namespace porthole::io
