// A TURN client that speaks DTLS: the real cipher, a hand-written TURN, no sockets.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "turn/credentials.hpp"
#include "unit/crypto/dtls_client.hpp"
#include "wire/channel_data.hpp"
#include "wire/stun.hpp"

namespace porthole::node::test {

class DtlsTurnClient {
 public:
  using Buffer = std::vector<std::uint8_t>;

  explicit DtlsTurnClient(const char* remote = "192.0.2.7:50000") {
    path.local = *SocketAddress::parse("203.0.113.1:8443");
    path.remote = *SocketAddress::parse(remote);
  }

  // Carries datagrams between the client and a machine of the one port (TurnFront, Node) until nothing moves.
  // What the machine has for others is dropped.
  template <class Machine, class Poll>
  void settle(Machine& machine, const Poll& poll, Instant now) {
    dtls.advance();
    for (bool moved = true; moved;) {
      moved = false;
      for (const Buffer& packet : dtls.take()) {
        moved = true;
        machine.handle_datagram({path, packet}, now);
      }
      static TransmitBatch batch;
      while (poll(batch)) {
        if (!(batch.to == path)) continue;
        moved = true;
        for (Bytes rest = batch.bytes(); !rest.empty();) {
          const Bytes segment = rest.first(std::min(rest.size(), batch.segment_size));
          rest = rest.subspan(segment.size());
          dtls.handle_datagram(segment);
        }
      }
    }
  }

  // A request, signed once there is a nonce.
  void request(stun::Method method, const std::function<void(stun::MessageBuilder&)>& fill) {
    Buffer bytes(1024);
    stun::MessageBuilder builder(bytes, stun::Class::request, method, {++transaction_});
    fill(builder);
    if (!nonce.empty()) {
      builder.add_text(stun::Attribute::username, credentials.username);
      builder.add_text(stun::Attribute::realm, "porthole");
      builder.add_text(stun::Attribute::nonce, nonce);
      builder.add_integrity(turn::long_term_key(credentials.username, "porthole", credentials.password));
    }
    bytes.resize(builder.finish().size());
    dtls.send(bytes);
  }
  void allocate() {
    request(stun::Method::allocate, [](stun::MessageBuilder& builder) {
      builder.add_u32(stun::Attribute::requested_transport, 17U << 24);
    });
  }
  void bind(std::uint16_t channel, const SocketAddress& peer) {
    request(stun::Method::channel_bind, [&](stun::MessageBuilder& builder) {
      builder.add_u32(stun::Attribute::channel_number, std::uint32_t{channel} << 16);
      builder.add_xor_address(stun::Attribute::xor_peer_address, peer);
    });
  }
  void send_channel_data(std::uint16_t channel, Bytes data) {
    Buffer bytes(wire::kChannelHeaderSize + data.size());
    wire::write_channel_header(bytes, channel, static_cast<std::uint16_t>(data.size()));
    std::ranges::copy(data, bytes.begin() + wire::kChannelHeaderSize);
    dtls.send(bytes);
  }

  // The last message that came, as STUN; it also yields the nonce.
  std::optional<stun::Message> answer() {
    if (dtls.received.empty()) return std::nullopt;
    const auto message = stun::parse(dtls.received.back());
    if (!message) return std::nullopt;
    if (const auto text = message->text(stun::Attribute::nonce)) nonce = *text;
    return *message;
  }
  bool succeeded() {
    const auto message = answer();
    return message && message->message_class() == stun::Class::success;
  }

  FiveTuple path;  // Of its datagrams.
  crypto::test::DtlsClient dtls;
  turn::Credentials credentials;
  std::string nonce;

 private:
  std::uint8_t transaction_ = 0;
};

}  // namespace porthole::node::test
