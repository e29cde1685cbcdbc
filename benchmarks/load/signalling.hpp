// How a viewer and the server tell each other their descriptions.
#pragma once

#include <string>

#include "load/description.hpp"

namespace porthole::load {

class SignallingEvents {
 public:
  virtual ~SignallingEvents() = default;
  // The server's answer; or its offer, and then Signalling::answer() is awaited.
  virtual void described(const Description& description) = 0;
  virtual void signalling_failed(const std::string& reason) = 0;
  // The server knows that the viewer is gone, or never will.
  virtual void signalling_ended() = 0;
};

class Signalling {
 public:
  virtual ~Signalling() = default;
  virtual void begin() = 0;
  virtual bool server_offers() const { return false; }
  virtual void answer(const SocketAddress& /*candidate*/) {}
  virtual void keep_alive() {}
  // Says goodbye.
  virtual void end() = 0;
};

}  // namespace porthole::load
