#include "load/turn_client.hpp"

#include <algorithm>
#include <utility>

#include "wire/channel_data.hpp"

namespace porthole::load {
namespace {

using stun::Attribute;
using stun::Method;

constexpr std::uint32_t kUdp = 17U << 24;  // RFC 8656 section 18.8.
constexpr std::uint16_t kChannel = wire::kMinChannel;

constexpr Duration kFirstPatience = 200ms;
constexpr Duration kLastPatience = 2s;

// RFC 8656 sections 9 and 12: a permission lasts 5 minutes, a channel and an allocation 10; the channel's
// renewal is the permission's as well.
constexpr Duration kRenewal = 240s;

}  // namespace

TurnClient::TurnClient(check::TurnLink server, std::vector<SocketAddress> peers, bool on_stream,
                       Random& random)
    : server_(std::move(server)), on_stream_(on_stream), random_(random), peers_(std::move(peers)) {
  std::ranges::reverse(peers_);
}

void TurnClient::start(Instant now) {
  begin(Step::challenge, now);
}

void TurnClient::begin(Step step, Instant now) {
  step_ = step;
  random_.fill(transaction_);
  patience_ = kFirstPatience;
  send_at_ = now;
}

Bytes TurnClient::poll_transmit(MutableBytes out, Instant now) {
  if (now < send_at_ || step_ == Step::failed) return {};
  if (step_ == Step::ready) begin(Step::refresh, now);
  send_at_ = on_stream_ ? Instant::max() : now + patience_;
  patience_ = std::min(2 * patience_, kLastPatience);
  stun::MessageBuilder builder(out, stun::Class::request, method(), transaction_);
  add_question(builder);
  if (step_ != Step::challenge) {
    builder.add_text(Attribute::username, server_.username);
    builder.add_text(Attribute::realm, realm_);
    builder.add_text(Attribute::nonce, nonce_);
    builder.add_integrity(key_);
  }
  return builder.finish();
}

Method TurnClient::method() const {
  switch (step_) {
    case Step::permit:
      return Method::create_permission;
    case Step::bind:
      return Method::channel_bind;
    case Step::refresh:
      return Method::refresh;
    default:
      return Method::allocate;
  }
}

void TurnClient::add_question(stun::MessageBuilder& builder) const {
  if (method() == Method::allocate) builder.add_u32(Attribute::requested_transport, kUdp);
  if (step_ == Step::bind) builder.add_u32(Attribute::channel_number, std::uint32_t{kChannel} << 16);
  if (step_ == Step::bind || step_ == Step::permit) {
    builder.add_xor_address(Attribute::xor_peer_address, peers_.back());
  }
}

Bytes TurnClient::handle_message(Bytes message, Instant now) {
  if (const auto data = wire::parse_channel_data(message)) return data->payload;
  const auto response = stun::parse(message);
  if (!response) return {};
  if (response->is(stun::Class::indication, Method::data)) {
    return response->find(Attribute::data).value_or(Bytes{});
  }
  if (response->transaction() == transaction_ && response->method() == method()) {
    handle_response(*response, now);
  }
  return {};
}

void TurnClient::handle_response(const stun::Message& response, Instant now) {
  if (response.message_class() == stun::Class::error) handle_error(response, now);
  if (response.message_class() == stun::Class::success) handle_success(response, now);
}

void TurnClient::handle_error(const stun::Message& response, Instant now) {
  const int code = response.error_code().value_or(0);
  if (step_ == Step::challenge && code == 401) {
    return learn(response) ? begin(Step::allocate, now) : fail("TURN did not ask who we are");
  }
  // RFC 8489 section 9.2.5: another nonce, and the same question again.
  if (code == 438) return learn(response) ? begin(step_, now) : fail("TURN named no nonce");
  if (step_ == Step::permit && code == 403 && peers_.size() > 1) {
    peers_.pop_back();
    return begin(Step::permit, now);
  }
  fail("TURN said " + std::to_string(code));
}

void TurnClient::handle_success(const stun::Message& response, Instant now) {
  switch (step_) {
    case Step::allocate: {
      const auto relayed = response.xor_address(Attribute::xor_relayed_address);
      if (!relayed) return fail("TURN named no relayed address");
      std::erase_if(peers_,
                    [&](const SocketAddress& peer) { return peer.ip.family() != relayed->ip.family(); });
      return choose_peer(now);
    }
    case Step::permit:
    case Step::refresh:
      return begin(Step::bind, now);
    case Step::bind:
      step_ = Step::ready;
      ready_ = true;
      send_at_ = now + kRenewal;
      return;
    default:
      return;
  }
}

void TurnClient::choose_peer(Instant now) {
  if (peers_.empty()) return fail("The server has no address of TURN's family");
  begin(Step::permit, now);
}

bool TurnClient::learn(const stun::Message& response) {
  const auto nonce = response.text(Attribute::nonce);
  if (const auto realm = response.text(Attribute::realm); realm && realm_.empty()) {
    realm_ = *realm;
    key_ = crypto::md5({as_bytes(server_.username), as_bytes(":"), as_bytes(realm_), as_bytes(":"),
                        as_bytes(server_.credential)});
  }
  nonce_ = nonce.value_or("");
  return !realm_.empty() && !nonce_.empty();
}

void TurnClient::fail(std::string reason) {
  step_ = Step::failed;
  send_at_ = Instant::max();
  failure_ = std::move(reason);
}

Bytes TurnClient::wrap(Bytes packet, MutableBytes out) const {
  ByteWriter writer(out);
  const MutableBytes header = writer.reserve(wire::kChannelHeaderSize);
  writer.bytes(packet);
  if (on_stream_) writer.zeros(wire::padded(packet.size()) - packet.size());
  if (!writer.ok()) return {};
  wire::write_channel_header(header, kChannel, static_cast<std::uint16_t>(packet.size()));
  return writer.written();
}

}  // namespace porthole::load
