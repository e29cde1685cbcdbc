// The TURN side of the one port: what clients send goes in, answers come out, and what is meant for a peer is
// handed to the owner.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/packet.hpp"
#include "base/random.hpp"
#include "base/timer_queue.hpp"
#include "node/dtls_clients.hpp"
#include "node/outbox.hpp"
#include "node/route.hpp"
#include "turn/credentials.hpp"
#include "turn/server.hpp"
#include "wire/stream_framing.hpp"

namespace porthole::node {

// Who stands behind the relayed addresses. Called from inside the front's own calls.
class TurnOwner {
 public:
  virtual ~TurnOwner() = default;

  // A client sends `data` to `route.peer`; permission and policy have been asked. Borrows the bytes.
  virtual void on_to_peer(const Route& route, Bytes data, Instant now) = 0;
  virtual void on_turn_event(const turn::Event& event) = 0;
};

// After each call that takes something in, drain poll_transmit() and poll_refused(), and look at
// next_timeout().
class TurnFront {
 public:
  // Borrows `policy`, `addresses`, `random` and `owner`. `config.nonce_key` is drawn here.
  TurnFront(turn::Config config, std::vector<std::string> secrets, const turn::RelayPolicy& policy,
            turn::RelayAddresses& addresses, Random& random, TurnOwner& owner);
  TurnFront(const TurnFront&) = delete;
  TurnFront& operator=(const TurnFront&) = delete;

  void set_wall_clock(const WallClock& wall) { wall_ = wall; }

  // From now on clients may speak DTLS as well. Borrows `server`.
  void serve_dtls(crypto::DtlsServer& server, DtlsQuota quota = usual_dtls_quota());

  // STUN, ChannelData or DTLS.
  void handle_datagram(const Datagram& datagram, Instant now);
  // Bytes of a connection that speaks TURN, however they are cut, and its end.
  void handle_stream(const FiveTuple& path, Bytes bytes, Instant now);
  void handle_stream_closed(const FiveTuple& path, Instant now);
  bool has_stream(ConnectionId connection) const { return streams_.contains(connection); }
  void handle_timeout(Instant now);

  // Whom the allocation served is gone.
  void release(turn::AllocationId allocation, Instant now);

  bool poll_transmit(TransmitBatch& out);
  // What any other batch for a TURN client has to pass on its way out: encrypts it where its client speaks
  // DTLS. False when nothing is left to send.
  bool seal(TransmitBatch& batch) {
    return batch.to.transport != Transport::dtls || (dtls_ && dtls_->seal(batch));
  }
  // A connection that does not speak TURN, or has no allocation in time: to be closed. Nothing of it is kept
  // here.
  std::optional<ConnectionId> poll_refused();
  Instant next_timeout() const;

  // Whether the allocation's client may get that much more from its peers now; counted if so.
  bool may_deliver(turn::AllocationId allocation, std::size_t bytes, Instant now) {
    return turn_.may_deliver(allocation, bytes, now);
  }

  const turn::Server& server() const { return turn_; }
  // Credentials for one more user.
  turn::Credentials mint(std::string_view name, Duration lifetime, Instant now);
  // Somebody to whom another front gave credentials with the same secrets.
  void remember_user(std::string_view username) { turn_.remember_user(username); }
  // For whatever else leaves by the one port in answer to a packet.
  Outbox& outbox() { return outbox_; }
  std::size_t dtls_client_count() const { return dtls_ ? dtls_->size() : 0; }

 private:
  // One connection that speaks TURN.
  struct Stream {
    FiveTuple path;
    wire::StreamFramer framer{};
    bool had_allocation = false;  // When it was last looked at.
  };

  Stream& stream_of(const FiveTuple& path, Instant now);
  void look_at(Stream& stream, Instant now);
  void refuse(const FiveTuple& path, Instant now);
  void handle_message(const FiveTuple& client, Bytes message, Instant now);
  void handle_dtls(const Datagram& datagram, Instant now);
  void take_ended_dtls(Instant now);
  void take_events();

  // Constant after construction.
  const turn::SharedSecrets secrets_;
  TurnOwner& owner_;  // Borrowed.
  Random& random_;    // Borrowed.

  WallClock wall_;
  turn::Server turn_;
  std::unordered_map<ConnectionId, Stream> streams_;
  // When each stream is looked at: who has no allocation by then, or none any more for as long, has no use of
  // it.
  mutable TimerQueue<ConnectionId> looks_;
  Outbox outbox_;
  std::unique_ptr<DtlsClients> dtls_;  // Null as long as nobody serves DTLS.
  std::deque<ConnectionId> refused_;   // At most one a call, until the owner drains them.
};

}  // namespace porthole::node
