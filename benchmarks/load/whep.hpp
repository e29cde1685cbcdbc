// WHEP (draft-ietf-wish-whep): a POST of the offer, and a DELETE in the end.
#pragma once

#include <memory>

#include "load/http_exchange.hpp"
#include "load/options.hpp"
#include "load/signalling.hpp"

namespace porthole::load {

class Whep final : public Signalling {
 public:
  // Borrows the poller and the events. `offer` is the viewer's own.
  Whep(Poller& poller, Endpoint endpoint, std::string offer, SignallingEvents& events);

  void begin() override;
  void end() override;

 private:
  void take(const Result<HttpAnswer, std::string>& answer);

  // Constant after construction.
  const Endpoint endpoint_;

  // Borrowed: outlive this.
  Poller& poller_;
  SignallingEvents& events_;

  std::string offer_;
  std::string session_;  // Its path.
  std::unique_ptr<HttpExchange> exchange_;
};

}  // namespace porthole::load
