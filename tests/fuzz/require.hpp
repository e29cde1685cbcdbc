// How a fuzz target says that a promise was broken: it ends the process, which the fuzzer and the replay both
// see.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace porthole::fuzz {

inline void require(bool holds, const char* promise) {
  if (holds) return;
  std::fprintf(stderr, "broken promise: %s\n", promise);
  std::abort();
}

}  // namespace porthole::fuzz
