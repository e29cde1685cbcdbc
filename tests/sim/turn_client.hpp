// A browser's TURN client: Chromium's (channels, and a ChannelBind that keeps the permission alive) or
// Firefox's (Data indications for the whole session, a permission renewed by the first use after 290 s).
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "support/seeded_random.hpp"
#include "turn/credentials.hpp"
#include "virtual_network.hpp"
#include "wire/stun.hpp"

namespace porthole::sim {

class TurnClient {
 public:
  struct Options {
    turn::Credentials credentials;
    bool on_stream = false;
    // Both are Firefox's ways; Chromium has neither.
    bool asks_for_an_hour = false;
    bool never_binds = false;
  };
  struct Wires {
    Receive transmit;                                            // To the server.
    std::function<void(const SocketAddress& peer, Bytes)> data;  // From a peer.
  };

  TurnClient(Options options, Wires wires, Random& random);

  void start(Instant now);
  void handle_datagram(Bytes message, Instant now);
  void handle_stream(Bytes bytes, Instant now);
  void handle_timeout(Instant now);
  Instant next_timeout() const;

  void permit(const SocketAddress& peer, Instant now);
  // Through the channel once there is one, else in a Send indication.
  void send(const SocketAddress& peer, Bytes data, Instant now);
  // Frees the allocation: LIFETIME 0.
  void close(Instant now);

  // The label; nullopt without an allocation.
  const std::optional<SocketAddress>& relayed() const { return relayed_; }
  // What went wrong, ever: error codes other than the first 401.
  const std::vector<int>& errors() const { return errors_; }

  struct Count {
    std::size_t refreshes = 0;
    std::size_t permissions = 0;
    std::size_t channel_binds = 0;
    std::size_t received_in_channels = 0;
    std::size_t received_in_indications = 0;
  };
  const Count& count() const { return count_; }

  // For tests that ask for what browsers do not.
  void request_permission(const SocketAddress& peer, Instant now) { send_permission(peer, now); }
  void request_channel(std::uint16_t number, const SocketAddress& peer, Instant now);
  void send_indication(const SocketAddress& peer, Bytes data);
  void send_channel_data(std::uint16_t channel, Bytes data);

 private:
  struct Peer {
    SocketAddress address;
    Instant permitted_at{};
    bool permission_pending = false;
    std::uint16_t channel = 0;
    bool bind_asked = false;
    bool bound = false;
    Instant renew_at = Instant::max();
  };
  struct Pending {
    stun::Method method{};
    stun::TransactionId transaction{};
    SocketAddress peer{};
    std::uint16_t channel = 0;
    std::uint32_t lifetime = 0;
    bool authenticated = false;
    Buffer bytes{};
    Duration wait{};
    Instant retry_at{};
    int tries = 0;
  };

  void request(Pending pending, Instant now);
  void transmit(Pending& pending, Instant now);
  void send_permission(const SocketAddress& peer, Instant now);
  void handle_success(const Pending& pending, const stun::Message& message, Instant now);
  void handle_error(const Pending& pending, const stun::Message& message, Instant now);
  void handle_stun(const stun::Message& message, Instant now);
  void renew(Peer& peer, Instant now);
  Peer* find(const SocketAddress& address);

  // Constant after construction.
  Options options_;
  Wires wires_;
  Random& random_;  // Borrowed.

  std::string realm_;
  std::string nonce_;
  std::optional<SocketAddress> relayed_;
  Instant refresh_at_ = Instant::max();
  std::vector<Peer> peers_;
  std::vector<Pending> pending_;
  Buffer unread_;  // Of the stream.
  std::vector<int> errors_;
  Count count_;
};

}  // namespace porthole::sim
