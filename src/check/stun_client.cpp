#include "check/stun_client.hpp"

#include <algorithm>

#include "check/printable.hpp"
#include "io/system_random.hpp"

namespace porthole::check {
namespace {

constexpr std::size_t kMaxRequest = 2048;

// RFC 8489 section 6.2.1 has 500 ms, doubled each time, for nearly 40 s. Nobody waits for that at a terminal.
constexpr Duration kFirstTimeout = 250ms;
constexpr Duration kLongestTimeout = 1s;

// RFC 8445 section 5.1.2.1: of a peer-reflexive candidate, as checks carry it.
constexpr std::uint32_t kPriority = (110U << 24) | (65'535U << 8) | 255U;

bool answers(Bytes bytes, stun::Method method, const stun::TransactionId& transaction) {
  const auto message = stun::parse(bytes);
  return message && message->transaction() == transaction && message->method() == method &&
         (message->message_class() == stun::Class::success || message->message_class() == stun::Class::error);
}

Result<Buffer, Fault> wait_for_answer(Channel& channel, stun::Method method, const StunRequest& request,
                                      const Deadline& deadline) {
  while (true) {
    auto received = channel.receive(deadline);
    if (!received || answers(*received, method, request.transaction)) return received;
  }
}

StunRequest ice_request(const IceCredentials& local, const IceCredentials& remote) {
  io::SystemRandom random;
  return make_request(stun::Method::binding, [&](stun::MessageBuilder& builder) {
    builder.add_text(stun::Attribute::username, remote.ufrag + ":" + local.ufrag);
    builder.add_u64(stun::Attribute::ice_controlling, random.u64());
    builder.add_u32(stun::Attribute::priority, kPriority);
    builder.add_integrity(as_bytes(remote.pwd));
    builder.add_fingerprint();
  });
}

Result<SocketAddress, Fault> check_once(Channel& channel, const IceCredentials& local,
                                        const IceCredentials& remote, const Deadline& deadline) {
  const auto answer = transact(channel, stun::Method::binding, ice_request(local, remote), deadline);
  if (!answer) return fail(answer.error());
  const auto message = stun::parse(*answer);
  if (!message || !message->integrity_ok(as_bytes(remote.pwd))) {
    return fail(Fault{Reason::bad_answer, "Somebody answered who is not the server.", true});
  }
  const auto seen_as = message->xor_address(stun::Attribute::xor_mapped_address);
  if (message->message_class() == stun::Class::success && seen_as) return *seen_as;
  return fail(Fault{Reason::bad_answer,
                    "The check was refused with " + std::to_string(message->error_code().value_or(0)) + ".",
                    true});
}

}  // namespace

StunRequest make_request(stun::Method method, const FillRequest& fill) {
  io::SystemRandom random;
  StunRequest request{Buffer(kMaxRequest), {}};
  random.fill(request.transaction);
  stun::MessageBuilder builder(request.bytes, stun::Class::request, method, request.transaction);
  fill(builder);
  request.bytes.resize(builder.finish().size());
  return request;
}

Result<Buffer, Fault> transact(Channel& channel, stun::Method method, const StunRequest& request,
                               const Deadline& deadline) {
  if (request.bytes.empty()) return fail(Fault{Reason::bad_answer, "The server's texts are too long.", true});
  Duration patience = channel.is_reliable() ? deadline.left() : kFirstTimeout;
  while (true) {
    if (const auto sent = channel.send(request.bytes, deadline); !sent) return fail(sent.error());
    auto answer = wait_for_answer(channel, method, request, deadline.within(patience));
    const bool was_lost = !answer && answer.error().reason == Reason::timeout && !deadline.passed();
    if (!was_lost || channel.is_reliable()) return answer;
    patience = std::min(2 * patience, kLongestTimeout);
  }
}

Result<Proof, Fault> check_ice(Channel& channel, const IceCredentials& local, const IceCredentials& remote,
                               const Deadline& deadline) {
  const Instant begun = io::EventLoop::now();
  const auto first = check_once(channel, local, remote, deadline);
  if (!first) return fail(first.error());
  const Instant proved = io::EventLoop::now();
  Proof proof{proved - begun, proved - begun, *first};
  // If this one is lost, the first one's time has to do.
  if (check_once(channel, local, remote, deadline)) proof.round_trip = io::EventLoop::now() - proved;
  return proof;
}

}  // namespace porthole::check
