// TURN as a client of the check (RFC 8656): an allocation, and the way through it to one peer.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "check/channel.hpp"
#include "check/stun_client.hpp"
#include "check/turn_link.hpp"
#include "crypto/hmac.hpp"

namespace porthole::check {

// What is sent goes to the peer as a Send indication; what the peer answers comes as a Data indication.
class TurnChannel final : public Channel {
 public:
  // `channel` is connected to the server. The allocation ends with this object.
  static Result<std::unique_ptr<TurnChannel>, Fault> allocate(std::unique_ptr<Channel> channel,
                                                              const TurnLink& link, const Deadline& deadline);
  ~TurnChannel() override;
  TurnChannel(const TurnChannel&) = delete;
  TurnChannel& operator=(const TurnChannel&) = delete;

  // Chooses the first peer that the server lets us reach, among those of the relayed address's family.
  Result<void, Fault> permit(std::span<const SocketAddress> peers, const Deadline& deadline);

  Result<void, Fault> send(Bytes message, const Deadline& deadline) override;
  Result<Buffer, Fault> receive(const Deadline& deadline) override;
  bool is_reliable() const override { return channel_->is_reliable(); }

 private:
  TurnChannel(std::unique_ptr<Channel> channel, const TurnLink& link)
      : channel_(std::move(channel)), link_(link) {}
  Result<void, Fault> challenge(const Deadline& deadline);
  // Signed, and the answer checked: a success of the server's own.
  Result<Buffer, Fault> request(stun::Method method, const FillRequest& fill, const Deadline& deadline);

  std::unique_ptr<Channel> channel_;
  TurnLink link_;
  std::string realm_, nonce_;
  crypto::Md5Digest key_{};
  SocketAddress relayed_;
  SocketAddress peer_;
  bool is_allocated_ = false;
};

}  // namespace porthole::check
