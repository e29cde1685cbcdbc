// A WHEP session (draft-ietf-wish-whep) that the check opens to have something to reach, and always ends.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "check/http_client.hpp"
#include "check/offer.hpp"
#include "check/target.hpp"
#include "check/turn_link.hpp"

namespace porthole::check {

class WhepSession {
 public:
  static Result<std::unique_ptr<WhepSession>, Fault> open(const Target& target, const Endpoint& endpoint,
                                                          Duration timeout);
  // Deletes the session, if need be at the price of another timeout.
  ~WhepSession();
  WhepSession(const WhepSession&) = delete;
  WhepSession& operator=(const WhepSession&) = delete;

  const IceCredentials& local_ice() const { return local_; }
  const Answer& answer() const { return answer_; }
  const std::vector<TurnLink>& turn() const { return turn_; }

 private:
  WhepSession(const Target& target, const Endpoint& endpoint, Duration timeout);
  Result<void, Fault> create();
  Result<void, Fault> take(const HttpAnswer& reply);

  // Constant after construction.
  Target target_;
  Endpoint endpoint_;
  Duration timeout_;

  IceCredentials local_;
  Answer answer_;
  std::vector<TurnLink> turn_;
  std::string location_;  // Its path on the server; empty while there is nothing to end.
};

}  // namespace porthole::check
