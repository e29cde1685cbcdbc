// STUN as a client of the check: transactions (RFC 8489 section 6.2), and ICE's connectivity checks.
#pragma once

#include <functional>

#include "check/channel.hpp"
#include "check/offer.hpp"
#include "wire/stun.hpp"

namespace porthole::check {

struct StunRequest {
  Buffer bytes;
  stun::TransactionId transaction;
};

using FillRequest = std::function<void(stun::MessageBuilder&)>;

// With a transaction id of its own.
StunRequest make_request(stun::Method method, const FillRequest& fill);

// The response, success or error, whose transaction and method are the request's. Sends again over channels
// that lose.
Result<Buffer, Fault> transact(Channel& channel, stun::Method method, const StunRequest& request,
                               const Deadline& deadline);

// What a check proves.
struct Proof {
  Duration connect{};     // Until the first answer; whoever opened the channel before adds that.
  Duration round_trip{};  // Of one more check.
  SocketAddress seen_as;  // Where the server saw the check come from.
};

// RFC 8445 section 7.2.2: a Binding request that only the session's two ends can write, and an answer that
// only its server can. Does not nominate, so that media never begins.
Result<Proof, Fault> check_ice(Channel& channel, const IceCredentials& local, const IceCredentials& remote,
                               const Deadline& deadline);

}  // namespace porthole::check
