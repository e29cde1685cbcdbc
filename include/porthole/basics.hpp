// What the other headers share: errors, log levels and the version.
#pragma once

#include <string>

namespace porthole {

// Why something did not start. `message` is one line that says what is wrong and what to do about it.
struct Error {
  enum class Kind {
    configuration,  // The options contradict each other or name something impossible.
    runtime,        // The options are fine, the world is not: a port in use, a source that does not open.
  };
  Kind kind = Kind::runtime;
  std::string message;
};

// How much is written to standard error. Nothing is ever written per packet.
enum class LogLevel { debug, info, warning, error, off };

// "0.1.0"
const char* version();

}  // namespace porthole
