// A TURN server (RFC 8656) without sockets: relayed addresses come from the caller, and what a client sends
// to a peer is handed to the caller.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/packet.hpp"
#include "base/random.hpp"
#include "base/source_limiter.hpp"
#include "base/time.hpp"
#include "turn/allocation_table.hpp"
#include "turn/authentication.hpp"
#include "turn/commons.hpp"
#include "turn/limits.hpp"
#include "turn/peer_framing.hpp"
#include "turn/relay_addresses.hpp"
#include "turn/relay_policy.hpp"
#include "wire/stun.hpp"

namespace porthole::turn {

struct AllocateWish;
struct Request;

struct Config {
  std::string realm = "porthole";  // At most kMaxRealm bytes; what is beyond is cut off.
  std::string software;            // Shown to authenticated clients only; empty for none. Cut to 64 bytes.
  NonceKey nonce_key{};            // Random, and the same in every server of the one port.
  // RFC 5766's channel numbers go up to 0x7FFF. Where a datagram that begins like one can be nothing else,
  // they do no harm.
  std::uint16_t max_datagram_channel = wire::kMaxChannel;
  Limits limits;
  Commons commons;
};

// What a client's Send indication or ChannelData carries. `data` borrows the message; it may be empty.
struct ToPeer {
  AllocationId allocation = AllocationId::none;
  SocketAddress peer;
  Bytes data;
};

// One message in, at most one thing out.
struct Outcome {
  enum class Kind : std::uint8_t { nothing, reply, to_peer };
  Kind kind = Kind::nothing;
  Bytes reply;     // For the client, on the path that the message came by. Borrows the caller's buffer.
  ToPeer to_peer;  // From the client's relayed label to one of our own.
};

struct Event {
  enum class Kind : std::uint8_t {
    created,  // An allocation began.
    gone,     // It ended: expired, freed by its client, or its connection closed. Its id means nothing now.
    framing_changed,  // A peer became reachable or got a channel, or one of two relayed addresses is gone:
                      // ask framing() again for its peers.
  };
  Kind kind = Kind::created;
  AllocationId allocation = AllocationId::none;
};

// Not safe to call from two threads at once. After each call that takes `now`, drain poll_event().
class Server {
 public:
  // Borrows all but the configuration, for as long as it lives. `secrets` may be changed between calls.
  Server(Config config, const SharedSecrets& secrets, const RelayPolicy& policy, RelayAddresses& addresses,
         Random& random);

  // One whole STUN message or ChannelData of a client, from any transport. Anything else gets nothing. A
  // Binding request with a USERNAME belongs to ICE and gets nothing either. `out` holds at least kMaxReply
  // bytes and does not overlap `message`.
  Outcome handle_message(const FiveTuple& client, Bytes message, MutableBytes out, Instant now,
                         const WallClock& wall_clock);

  // The client's TCP or TLS connection has closed, and its allocation ends with it (RFC 8656 section 3.1).
  void handle_disconnect(const FiveTuple& client, Instant now);

  // Whom the allocation served is gone, so it need not wait for its expiry. Harmless when it is gone already.
  void release(AllocationId id, Instant now) { remove(id, now); }

  // How data from `peer` reaches the client now: through its channel, else as Data indications; nullopt when
  // the client has not permitted that peer. Valid until PeerFraming::valid_until() or an Event about that
  // allocation.
  std::optional<PeerFraming> framing(AllocationId id, const SocketAddress& peer, Instant now) const;

  // Whether the allocation's client may get that much more from its peers now; counted if so.
  bool may_deliver(AllocationId id, std::size_t bytes, Instant now);

  // From now on the user, whose credentials were minted here, may be named by USERHASH.
  void remember_user(std::string_view username) { authenticator_.remember(username); }

  void handle_timeout(Instant now);
  // Instant::max() when nothing is pending.
  Instant next_timeout() const {
    return std::min(table_.next_expiry(), config_.commons.reservations->next_expiry());
  }

  std::optional<Event> poll_event();

  // Whether that client has one, and with it has proved who it is.
  bool has_allocation(const FiveTuple& client) { return table_.find(client) != nullptr; }
  // Whose relayed address this is; none when it is nobody's.
  AllocationId allocation_at(const SocketAddress& relayed) const;

  // All three: nothing when the allocation is gone. What they return lasts until the next call with `now`.
  std::optional<SocketAddress> relayed_address(AllocationId id, Family family) const;
  const FiveTuple* client(AllocationId id) const;
  std::string_view username(AllocationId id) const;

  std::size_t allocation_count() const { return table_.size(); }

 private:
  // A row of the table of authenticated methods.
  struct Route {
    stun::Method method;
    Bytes (Server::*handle)(const Request&);  // Returns the answer.
    // A client whose time is over may use what it has until that ends, and get no more of it.
    bool needs_unexpired_credentials;
  };
  static const Route* route_of(stun::Method method);

  Outcome handle_stun(const FiveTuple& client, Bytes bytes, MutableBytes out, Instant now,
                      const WallClock& wall_clock);
  Outcome handle_send(const FiveTuple& client, const stun::Message& message, Instant now);
  Outcome handle_channel_data(const FiveTuple& client, Bytes bytes, Instant now);
  Outcome to_peer(Allocation& allocation, const SocketAddress& peer, Bytes data, Instant now) const;
  Bytes handle_binding(const FiveTuple& client, const stun::Message& message, MutableBytes out) const;
  Bytes handle_request(const Route& route, const FiveTuple& client, const stun::Message& message,
                       MutableBytes out, Instant now, const WallClock& wall_clock);
  Bytes challenge(const FiveTuple& client, const stun::Message& message, stun::ErrorCode code,
                  MutableBytes out, Instant now);

  // Authenticated methods: allocate.cpp.
  Bytes allocate(const Request& request);
  Bytes refresh(const Request& request);
  // Authenticated methods: permissions.cpp.
  Bytes create_permission(const Request& request);
  Bytes channel_bind(const Request& request);

  // The sender's own allocation, or the error to answer with.
  Result<Allocation*, stun::ErrorCode> own_allocation(const Request& request);
  // What a wish counts for, while it is not yet granted.
  struct Shares {
    Quota<IpAddress>::Share of_client;
    Quota<std::string>::Share of_user;     // Nothing for what is reserved, which is counted already.
    Quota<std::string>::Share to_be_kept;  // For the port that is to be reserved.
  };
  Result<Shares, stun::ErrorCode> take_shares(const Request& request, const AllocateWish& wish) const;
  // Fills in the relayed addresses that the wish asks for, or says why there are none.
  std::optional<stun::ErrorCode> take_addresses(const Request& request, const AllocateWish& wish,
                                                Shares& shares, Allocation& fresh);
  std::optional<stun::ErrorCode> take_reserved(const Request& request, const AllocateWish& wish,
                                               Shares& shares, Allocation& fresh);
  std::optional<stun::ErrorCode> take_pair(const Request& request, const AllocateWish& wish, Shares& shares,
                                           Allocation& fresh);
  Result<RelayAddresses::Taken, stun::ErrorCode> take(const Request& request, std::optional<Family> family,
                                                      RelayAddresses::Parity parity);
  std::optional<stun::ErrorCode> refuse_peer(const Allocation& allocation, const SocketAddress& peer) const;
  void free(Allocation& allocation, std::optional<Family> family, Instant now);
  void remove(AllocationId id, Instant now);
  void push_event(Event::Kind kind, AllocationId id) { events_.push_back({kind, id}); }

  // Constant after construction.
  Config config_;
  Authenticator authenticator_;

  // Borrowed: outlive this.
  const RelayPolicy& policy_;
  RelayAddresses& addresses_;
  Random& random_;

  // Changing.
  AllocationTable table_;
  // Sources are told apart by address and port, so that clients behind one NAT have a bucket each.
  SourceLimiter challenges_{kChallengeBurst, kChallengesPerSecond};
  std::deque<Event> events_;  // At most one a message or an expired allocation, until the caller drains it.
};

}  // namespace porthole::turn
