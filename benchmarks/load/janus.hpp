// Janus's HTTP API, as far as its streaming plugin needs it: a session and a handle are made, a mountpoint is
// watched, and the server makes the offer.
#pragma once

#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string_view>

#include "load/http_exchange.hpp"
#include "load/options.hpp"
#include "load/signalling.hpp"

namespace porthole::load {

class Janus final : public Signalling {
 public:
  // Borrows the poller and the events.
  Janus(Poller& poller, Endpoint endpoint, check::IceCredentials ice, std::string fingerprint,
        SignallingEvents& events);

  void begin() override;
  bool server_offers() const override { return true; }
  void answer(const SocketAddress& candidate) override;
  void keep_alive() override;
  void end() override;

 private:
  using Next = std::function<void(const nlohmann::json&)>;

  // Sends `message` to `target`, and goes on with the reply; without one, signalling has failed.
  void post(const std::string& target, nlohmann::json message, Next next);
  void exchange(std::string request, Next next);
  void take_session(const nlohmann::json& reply);
  void take_handle(const nlohmann::json& reply);
  void await_offer();
  void take_event(const nlohmann::json& event);

  // Constant after construction.
  const Endpoint endpoint_;
  const check::IceCredentials ice_;
  const std::string fingerprint_;

  // Borrowed: outlive this.
  Poller& poller_;
  SignallingEvents& events_;

  std::string session_;  // Its path.
  std::string handle_;   // The same.
  std::string offer_;
  std::unique_ptr<HttpExchange> exchange_;
};

}  // namespace porthole::load
