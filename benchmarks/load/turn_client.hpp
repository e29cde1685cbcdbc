// A viewer's TURN client (RFC 8656): an allocation, and a channel to one peer through it. It holds no socket
// and no clock.
#pragma once

#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/random.hpp"
#include "base/time.hpp"
#include "check/turn_link.hpp"
#include "crypto/hmac.hpp"
#include "wire/stun.hpp"

namespace porthole::load {

class TurnClient {
 public:
  // The peers are the server's candidates; the first that it lets us reach is taken. On a stream nothing is
  // sent twice, and what is sent is padded. Borrows `random`.
  TurnClient(check::TurnLink server, std::vector<SocketAddress> peers, bool on_stream, Random& random);

  void start(Instant now);
  // The request that is due, in `out`; empty when none is.
  Bytes poll_transmit(MutableBytes out, Instant now);
  Instant next_timeout() const { return send_at_; }

  // What arrived: a packet of the peer's, or empty, when it was for this client.
  Bytes handle_message(Bytes message, Instant now);
  // The packet as it travels to the peer, in `out`.
  Bytes wrap(Bytes packet, MutableBytes out) const;

  // Stays so while the allocation is renewed.
  bool ready() const { return ready_; }
  // Why it cannot be done; empty as long as it can.
  const std::string& failure() const { return failure_; }

 private:
  enum class Step : std::uint8_t { challenge, allocate, permit, bind, ready, refresh, failed };

  void begin(Step step, Instant now);
  void handle_response(const stun::Message& response, Instant now);
  void handle_error(const stun::Message& response, Instant now);
  void handle_success(const stun::Message& response, Instant now);
  bool learn(const stun::Message& response);
  void choose_peer(Instant now);
  void fail(std::string reason);
  stun::Method method() const;
  void add_question(stun::MessageBuilder& builder) const;

  // Constant after construction.
  const check::TurnLink server_;
  const bool on_stream_;

  Random& random_;  // Borrowed: outlives this.

  std::vector<SocketAddress> peers_;  // Those that are left to be tried; the last is the one.
  std::string realm_, nonce_;
  crypto::Md5Digest key_{};
  Step step_ = Step::challenge;
  stun::TransactionId transaction_{};
  Instant send_at_ = Instant::max();
  Duration patience_{};
  bool ready_ = false;
  std::string failure_;
};

}  // namespace porthole::load
