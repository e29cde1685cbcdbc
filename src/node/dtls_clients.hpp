// TURN over DTLS: who speaks it, and what the one port does with DTLS that is no viewer's.
#pragma once

#include <array>
#include <deque>
#include <memory>
#include <optional>
#include <unordered_map>

#include "base/packet.hpp"
#include "base/quota.hpp"
#include "base/source_limiter.hpp"
#include "base/timer_queue.hpp"
#include "crypto/dtls.hpp"
#include "crypto/dtls_cookie.hpp"
#include "crypto/dtls_server.hpp"
#include "node/outbox.hpp"
#include "turn/server.hpp"

namespace porthole::node {

// A client that has no allocation after that, or none any more when it is looked at again, makes room for
// others: it has not proved who it is, or is done.
constexpr Duration kDtlsWithoutAllocation = 60s;

// Handshakes that may begin at once, and each second from then on, whoever asks: one costs 0.2 ms with an
// ECDSA key and more than 1 ms with RSA, and a client that has proved its address may begin any number.
// Viewers go before: they must not be felt by them. What is beyond is dropped, and the client asks again.
constexpr std::int64_t kDtlsHandshakesPerSecond = 200;
// And those of one customer, at once and each second from then on: a fifth, so that none uses up what is
// there for all, and an office behind one address still gets in.
constexpr std::uint32_t kDtlsHandshakeBurstPerCustomer = 100;
constexpr std::uint32_t kDtlsHandshakesPerSecondPerCustomer = 40;

// OpenSSL holds 61 KB for a client until it has connected, 129 KB for one that floods its handshake, and 2 KB
// afterwards (measured, 3.0.19).
constexpr std::size_t kMaxDtlsClients = 1000;
// A household or an office, not a botnet's share.
constexpr std::size_t kMaxDtlsClientsPerCustomer = 100;

// By IpAddress::customer().
using DtlsQuota = std::shared_ptr<Quota<IpAddress>>;
inline DtlsQuota usual_dtls_quota() {
  return std::make_shared<PlainQuota<IpAddress>>(QuotaLimits{kMaxDtlsClients, kMaxDtlsClientsPerCustomer});
}

// A client is named by its 5-tuple with Transport::dtls. Answers go to the outbox. After each call that takes
// something in, read() and drain poll_ended().
class DtlsClients {
 public:
  // Borrows `server` and `outbox`. `key` is random, and the same in every server of the one port.
  DtlsClients(crypto::DtlsServer& server, Outbox& outbox, const crypto::CookieKey& key,
              DtlsQuota quota = usual_dtls_quota());

  // A stranger is remembered only once it has proved its address.
  void handle_datagram(const FiveTuple& client, Bytes datagram, Instant now);
  // What the client's last datagram brought: the next message, empty when there is none. Borrowed until the
  // next call.
  Bytes read(const FiveTuple& client);
  // Who has an allocation stays as long as that.
  void handle_timeout(Instant now, turn::Server& turn);
  Instant next_timeout() const { return timers_.next(); }

  // A client that has gone or begun anew: what belonged to it ends.
  std::optional<FiveTuple> poll_ended();

  // Encrypts a batch for a client, each segment a record, and directs it to where it can be sent. False when
  // there is nothing to send, as the client is gone.
  bool seal(TransmitBatch& batch);

  std::size_t size() const { return clients_.size(); }

 private:
  struct Client {
    std::unique_ptr<crypto::DtlsAssociation> association;
    std::array<std::uint8_t, 32> random{};  // Of its ClientHello.
    Instant look_at{};                      // Whether it has an allocation.
    Quota<IpAddress>::Share place;
  };

  void handle_hello(const FiveTuple& client, const crypto::ClientHello& hello, Bytes datagram, Instant now);
  void admit(const FiveTuple& client, const crypto::ClientHello& hello, Bytes datagram, Instant now);
  bool may_begin(const IpAddress& customer, Instant now);
  void remove(const FiveTuple& client);
  // Sends what is to be sent, and sees whether it is over, or else when to look again.
  void settle(const FiveTuple& client, Client& state);

  // Constant after construction.
  crypto::DtlsServer& server_;  // Borrowed.
  Outbox& outbox_;              // Borrowed.
  const crypto::DtlsCookies cookies_;
  const DtlsQuota quota_;

  std::unordered_map<FiveTuple, Client> clients_;
  mutable TimerQueue<FiveTuple> timers_;
  SourceLimiter begun_by_{kDtlsHandshakeBurstPerCustomer, kDtlsHandshakesPerSecondPerCustomer};
  Instant begun_until_{};        // Where the handshakes that have begun end at the lasting rate.
  std::deque<FiveTuple> ended_;  // At most a few a call, until the caller drains it.
  std::array<std::uint8_t, crypto::kMaxDtlsInput> message_{};
  std::array<std::uint8_t, kMaxDatagram> sealed_{};
};

}  // namespace porthole::node
