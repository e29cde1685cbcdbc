// The end of a run that cannot go on: what the system refuses to a program that it has let start.
#pragma once

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace porthole::load {

[[noreturn]] inline void fatal(const char* what) {
  std::fprintf(stderr, "viewer_load: %s: %s\n", what, std::strerror(errno));
  std::exit(1);
}

}  // namespace porthole::load
