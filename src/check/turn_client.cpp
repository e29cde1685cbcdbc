#include "check/turn_client.hpp"

#include "check/printable.hpp"

namespace porthole::check {
namespace {

using stun::Attribute;
using stun::Method;

constexpr std::uint32_t kUdp = 17U << 24;  // RFC 8656 section 18.8.
constexpr Duration kFarewell = 500ms;

Fault refused(int code) {
  const std::string said = "TURN said " + std::to_string(code) + ".";
  switch (code) {
    case 401:
    case 441:
      return {Reason::unauthorized, said, true};
    case 403:
      return {Reason::forbidden, said, true};
    case 486:
    case 508:
      return {Reason::busy, said, true};
    default:
      return {Reason::bad_answer, said, true};
  }
}

}  // namespace

Result<std::unique_ptr<TurnChannel>, Fault> TurnChannel::allocate(std::unique_ptr<Channel> channel,
                                                                  const TurnLink& link,
                                                                  const Deadline& deadline) {
  std::unique_ptr<TurnChannel> turn(new TurnChannel(std::move(channel), link));
  if (const auto challenged = turn->challenge(deadline); !challenged) return fail(challenged.error());
  const auto answer = turn->request(
      Method::allocate,
      [](stun::MessageBuilder& builder) { builder.add_u32(Attribute::requested_transport, kUdp); }, deadline);
  if (!answer) return fail(answer.error());
  turn->is_allocated_ = true;
  const auto relayed = stun::parse(*answer)->xor_address(Attribute::xor_relayed_address);
  if (!relayed) return fail(Fault{Reason::bad_answer, "TURN named no relayed address.", true});
  turn->relayed_ = *relayed;
  return turn;
}

TurnChannel::~TurnChannel() {
  if (!is_allocated_) return;
  (void)request(
      Method::refresh, [](stun::MessageBuilder& builder) { builder.add_u32(Attribute::lifetime, 0); },
      Deadline::after(kFarewell));
}

// RFC 8489 section 9.2.3.1: the first request goes out unsigned, and is answered with what it takes to sign.
Result<void, Fault> TurnChannel::challenge(const Deadline& deadline) {
  const StunRequest plain = make_request(Method::allocate, [](stun::MessageBuilder& builder) {
    builder.add_u32(Attribute::requested_transport, kUdp);
  });
  const auto answer = transact(*channel_, Method::allocate, plain, deadline);
  if (!answer) return fail(answer.error());
  const auto message = stun::parse(*answer);
  const auto realm = message->text(Attribute::realm);
  const auto nonce = message->text(Attribute::nonce);
  if (message->error_code() != 401 || !realm || !nonce) {
    return fail(Fault{Reason::bad_answer, "TURN did not ask who we are.", true});
  }
  realm_ = *realm;
  nonce_ = *nonce;
  key_ = crypto::md5(
      {as_bytes(link_.username), as_bytes(":"), as_bytes(realm_), as_bytes(":"), as_bytes(link_.credential)});
  return {};
}

Result<Buffer, Fault> TurnChannel::request(Method method, const FillRequest& fill, const Deadline& deadline) {
  const StunRequest signed_request = make_request(method, [&](stun::MessageBuilder& builder) {
    fill(builder);
    builder.add_text(Attribute::username, link_.username);
    builder.add_text(Attribute::realm, realm_);
    builder.add_text(Attribute::nonce, nonce_);
    builder.add_integrity(key_);
  });
  auto answer = transact(*channel_, method, signed_request, deadline);
  if (!answer) return answer;
  const auto message = stun::parse(*answer);
  if (message->message_class() == stun::Class::error) return fail(refused(message->error_code().value_or(0)));
  if (message->integrity_ok(key_)) return answer;
  return fail(Fault{Reason::bad_answer, "Somebody answered who is not the server.", true});
}

Result<void, Fault> TurnChannel::permit(std::span<const SocketAddress> peers, const Deadline& deadline) {
  Fault fault{Reason::bad_answer, "The session has no address of TURN's family.", true};
  for (const SocketAddress& peer : peers) {
    if (peer.ip.family() != relayed_.ip.family()) continue;
    const auto answer = request(
        Method::create_permission,
        [&peer](stun::MessageBuilder& builder) {
          builder.add_xor_address(Attribute::xor_peer_address, peer);
        },
        deadline);
    peer_ = peer;
    if (answer) return {};
    fault = answer.error();
    if (fault.reason != Reason::forbidden) break;
  }
  return fail(fault);
}

Result<void, Fault> TurnChannel::send(Bytes message, const Deadline& deadline) {
  Buffer bytes(stun::kHeaderSize + 64 + message.size());
  const StunRequest named = make_request(Method::send, [](stun::MessageBuilder&) {});
  stun::MessageBuilder builder(bytes, stun::Class::indication, Method::send, named.transaction);
  builder.add_xor_address(Attribute::xor_peer_address, peer_);
  builder.add(Attribute::data, message);
  return channel_->send(builder.finish(), deadline);
}

Result<Buffer, Fault> TurnChannel::receive(const Deadline& deadline) {
  while (true) {
    auto received = channel_->receive(deadline);
    if (!received) return received;
    const auto message = stun::parse(*received);
    if (!message || !message->is(stun::Class::indication, Method::data)) continue;
    const auto data = message->find(Attribute::data);
    if (data && message->xor_address(Attribute::xor_peer_address) == peer_) {
      return Buffer(data->begin(), data->end());
    }
  }
}

}  // namespace porthole::check
