#include "node/dtls_clients.hpp"

#include <algorithm>
#include <utility>

namespace porthole::node {
namespace {

using State = crypto::DtlsAssociation::State;

// Where the client's datagrams go.
FiveTuple as_udp(FiveTuple client) {
  client.transport = Transport::udp;
  return client;
}

}  // namespace

DtlsClients::DtlsClients(crypto::DtlsServer& server, Outbox& outbox, const crypto::CookieKey& key,
                         DtlsQuota quota)
    : server_(server), outbox_(outbox), cookies_(key), quota_(std::move(quota)) {}

void DtlsClients::handle_datagram(const FiveTuple& client, Bytes datagram, Instant now) {
  const auto found = clients_.find(client);
  const auto hello = crypto::parse_client_hello(datagram);
  // All of one handshake's ClientHellos have the same random: the association knows what to do with them.
  const bool known = found != clients_.end();
  if (hello && !(known && std::ranges::equal(hello->random, found->second.random))) {
    return handle_hello(client, *hello, datagram, now);
  }
  if (known) found->second.association->handle_datagram(datagram, now);
}

// RFC 6347 section 4.2.8: a client that has restarted comes from the same address, and what it had before
// ends when it has proved that address, not earlier.
void DtlsClients::handle_hello(const FiveTuple& client, const crypto::ClientHello& hello, Bytes datagram,
                               Instant now) {
  if (cookies_.proves(hello, client.remote, now)) return admit(client, hello, datagram, now);
  const MutableBytes slot = outbox_.slot();
  if (slot.empty()) return;
  outbox_.commit(as_udp(client), cookies_.answer(hello, client.remote, now, slot));
}

void DtlsClients::admit(const FiveTuple& client, const crypto::ClientHello& hello, Bytes datagram,
                        Instant now) {
  remove(client);
  const IpAddress customer = client.remote.ip.customer();
  auto place = quota_->take(customer);
  if (!place || !may_begin(customer, now)) return;
  Client fresh{server_.accept(datagram, now), {}, now + kDtlsWithoutAllocation, std::move(*place)};
  if (!fresh.association) return;
  std::ranges::copy(hello.random, fresh.random.begin());
  settle(client, clients_.emplace(client, std::move(fresh)).first->second);
}

bool DtlsClients::may_begin(const IpAddress& customer, Instant now) {
  constexpr Duration kCost = Duration(1s) / kDtlsHandshakesPerSecond;
  const Instant from = std::max(begun_until_, now - 1s);
  if (!begun_by_.allow({customer, 0}, now) || from + kCost > now) return false;
  begun_until_ = from + kCost;
  return true;
}

void DtlsClients::remove(const FiveTuple& client) {
  if (clients_.erase(client) == 0) return;
  timers_.cancel(client);
  ended_.push_back(client);
}

Bytes DtlsClients::read(const FiveTuple& client) {
  const auto found = clients_.find(client);
  if (found == clients_.end()) return {};
  const std::size_t size = found->second.association->read(message_);
  if (size == 0) settle(client, found->second);
  return Bytes(message_).first(size);
}

void DtlsClients::settle(const FiveTuple& client, Client& state) {
  crypto::DtlsAssociation& association = *state.association;
  for (MutableBytes slot = outbox_.slot(); !slot.empty(); slot = outbox_.slot()) {
    const std::size_t size = association.poll_transmit(slot);
    if (size == 0) break;
    outbox_.commit(as_udp(client), size);
  }
  switch (association.state()) {
    case State::connecting:
    case State::connected:
      return timers_.schedule(client, std::min(association.next_timeout(), state.look_at));
    case State::failed:
    case State::closed:
      return remove(client);
  }
}

void DtlsClients::handle_timeout(Instant now, turn::Server& turn) {
  while (const auto client = timers_.pop_due(now)) {
    const auto found = clients_.find(*client);
    if (found == clients_.end()) continue;
    Client& state = found->second;
    state.association->handle_timeout(now);
    if (now >= state.look_at) {
      state.look_at = now + kDtlsWithoutAllocation;
      if (!turn.has_allocation(*client)) state.association->close();
    }
    settle(*client, state);
  }
}

std::optional<FiveTuple> DtlsClients::poll_ended() {
  if (ended_.empty()) return std::nullopt;
  const FiveTuple client = ended_.front();
  ended_.pop_front();
  return client;
}

bool DtlsClients::seal(TransmitBatch& batch) {
  const auto found = clients_.find(batch.to);
  if (found == clients_.end() || batch.segment_size == 0) return false;
  std::size_t used = 0;
  std::size_t segment_size = 0;
  for (Bytes rest = batch.bytes(); !rest.empty();) {
    const Bytes segment = rest.first(std::min(rest.size(), batch.segment_size));
    rest = rest.subspan(segment.size());
    const std::size_t size = found->second.association->seal(segment, MutableBytes(sealed_).subspan(used));
    if (size == 0) break;  // What has no room is lost, as anywhere on its way.
    if (used == 0) segment_size = size;
    used += size;
  }
  std::copy_n(sealed_.begin(), used, batch.buffer.begin());
  batch.size = used;
  batch.segment_size = segment_size;
  batch.to = as_udp(batch.to);
  return used > 0;
}

}  // namespace porthole::node
