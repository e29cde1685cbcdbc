// One client of a TURN server, with an allocation and a channel to one peer: set up by waiting for each
// answer.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>

#include "relay/system.hpp"
#include "turn_user.hpp"

namespace porthole::bench {

constexpr std::uint16_t kChannel = 0x4001;

class RelayClient {
 public:
  // The server on loopback; ends the program where it refuses.
  RelayClient(std::uint16_t server_port, bool by_tcp, const std::string& secret, const std::string& name)
      : user_(secret, name), fd_(open_socket(by_tcp ? SOCK_STREAM : SOCK_DGRAM)) {
    connect_to(fd_, server_port);
    const timeval limit{.tv_sec = 5, .tv_usec = 0};
    require(setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) == 0, "SO_RCVTIMEO");
  }

  // Returns the relayed port; `peer_port` is on loopback as well.
  std::uint16_t allocate() {
    const auto fill = [](stun::MessageBuilder& builder) {
      builder.add_u32(stun::Attribute::requested_transport, kRequestedTransportUdp);
    };
    user_.learn(request(stun::Method::allocate, fill, false));
    const stun::Message message = request(stun::Method::allocate, fill, true);
    const auto relayed = message.xor_address(stun::Attribute::xor_relayed_address);
    if (!relayed) refuse("Allocate", message);
    return relayed->port;
  }

  void bind_channel(std::uint16_t peer_port) {
    const stun::Message message = request(
        stun::Method::channel_bind,
        [peer_port](stun::MessageBuilder& builder) {
          builder.add_u32(stun::Attribute::channel_number, std::uint32_t{kChannel} << 16);
          builder.add_xor_address(stun::Attribute::xor_peer_address,
                                  {IpAddress::v4(INADDR_LOOPBACK), peer_port});
        },
        true);
    if (message.message_class() != stun::Class::success) refuse("ChannelBind", message);
  }

  int fd() const { return fd_; }

 private:
  using Fill = std::function<void(stun::MessageBuilder&)>;

  // The answer comes in one piece: nothing else is under way yet. It is valid until the next request.
  stun::Message request(stun::Method method, const Fill& fill, bool is_signed) {
    std::array<std::uint8_t, 1024> room{};
    store_u32(transaction_.data(), load_u32(transaction_.data()) + 1);
    stun::MessageBuilder builder(room, stun::Class::request, method, transaction_);
    fill(builder);
    if (is_signed) user_.sign(builder);
    const Bytes bytes = builder.finish();
    require(::send(fd_, bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()), "send");
    const ssize_t size = ::recv(fd_, answer_.data(), answer_.size(), 0);
    require(size > 0, "no answer from the TURN server");
    const auto message = stun::parse(Bytes(answer_).first(static_cast<std::size_t>(size)));
    require(message.ok(), "the TURN server's answer");
    return *message;
  }

  [[noreturn]] static void refuse(const char* what, const stun::Message& message) {
    std::fprintf(stderr, "%s: %d\n", what, message.error_code().value_or(0));
    std::exit(1);
  }

  TurnUser user_;
  int fd_;
  stun::TransactionId transaction_{};
  std::array<std::uint8_t, 1024> answer_{};
};

}  // namespace porthole::bench
