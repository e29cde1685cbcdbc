// The log on standard error.
#pragma once

#include <porthole/basics.hpp>

namespace porthole::server {

// For the whole process: the level that was asked for last holds.
void set_up_log(LogLevel level);

}  // namespace porthole::server
