// The one port of forward mode as a whole: whatever clients and peers send, and however streams are cut, it
// speaks to nobody but its clients and the peers that may be reached. The input: see
// ForwarderProgram::step().
#include <algorithm>
#include <array>
#include <memory>
#include <vector>

#include "fuzz/counted_labels.hpp"
#include "fuzz/require.hpp"
#include "fuzz/turn_messenger.hpp"
#include "node/forwarder.hpp"

namespace porthole::fuzz {
namespace {

constexpr std::size_t kMaxSteps = 40;
constexpr std::int64_t kToday = 1'800'000'000;
constexpr std::size_t kClients = 4;

SocketAddress at(const char* text) {
  return SocketAddress::parse(text).value();
}

const SocketAddress kServer = at("203.0.113.10:8443");

node::ForwardOptions options() {
  node::ForwardOptions made;
  made.rules.peers = {*node::PeerRange::parse("127.0.0.1:5000-5001"), *node::PeerRange::parse("[::1]:5000")};
  made.rules.relay_ips = {at("127.0.0.1:0").ip, at("[::1]:0").ip};
  made.rules.own_port = kServer.port;
  made.secrets = {"the secret"};
  made.limits.allocations_per_user = 3;
  return made;
}

// Said once more, and not as the policy says it.
bool may_be_reached(const SocketAddress& peer) {
  return peer == at("127.0.0.1:5000") || peer == at("127.0.0.1:5001") || peer == at("[::1]:5000");
}

class ForwarderProgram {
 public:
  explicit ForwarderProgram(Bytes program) : input_(program), forwarder_(options(), addresses_, random_) {
    forwarder_.set_wall_clock(WallClock(now_, WallTime(std::chrono::seconds(kToday))));
    for (const char* peer : {"127.0.0.1:5000", "127.0.0.1:5001", "[::1]:5000", "127.0.0.1:22",
                             "127.0.0.1:8443", "10.0.0.1:5000", "127.0.0.1:50000"}) {
      names_.peers.push_back(at(peer));
    }
    for (std::uint16_t n = 0; n < kClients; ++n) add_client(n);
  }

  void run() {
    for (std::size_t n = 0; n < kMaxSteps && input_.remaining() > 0; ++n) step();
    finish();
  }

 private:
  // Two by datagrams, two by streams.
  void add_client(std::uint16_t n) {
    const SocketAddress remote{at("198.51.100.1:0").ip, static_cast<std::uint16_t>(n + 1)};
    const Transport transport = n % 2 == 0 ? Transport::udp : Transport::tcp;
    const ConnectionId connection = n % 2 == 0 ? ConnectionId::none : ConnectionId{n};
    clients_.emplace_back(FiveTuple{transport, kServer, remote, connection},
                          turn::mint("the secret", "viewer", kToday + 24 * 3600));
    who_ = n;
    deliver(client().plain_allocate(), false);
  }

  // One byte for the client, one for what it does.
  void step() {
    who_ = input_.u8() % clients_.size();
    switch (input_.u8() % 12) {
      case 0:
        return pass_time(std::chrono::seconds(input_.u16() % 4000));
      case 1:
        return close();
      case 2: {
        const Bytes raw = input_.take(std::min<std::size_t>(input_.u8(), input_.remaining()));
        return deliver({raw.begin(), raw.end()}, false);
      }
      case 3:
        return deliver(TurnMessenger::channel_data(input_), false);
      case 4:
        return deliver(client().unsigned_message(input_, names_), false);
      case 5:
        return deliver(client().wrongly_signed(input_, names_), false);
      case 6:
        return hear_peer(input_.u16() % 1400, 1);
      case 7:
        return hear_peer(kMaxDatagram - 64, input_.u8() % 40);
      default:
        return deliver(client().signed_request(input_, names_), true);
    }
  }

  TurnMessenger& client() { return clients_[who_]; }

  void deliver(Buffer message, bool is_signed) {
    message.shrink_to_fit();  // A read beyond the end is then seen.
    signed_ = signed_ || is_signed;
    sent_by_client_ = true;
    held_before_.assign(addresses_.held().begin(), addresses_.held().end());
    const std::size_t before = forwarder_.allocation_count();
    const std::size_t answered =
        client().path.is_stream() ? deliver_in_pieces(message) : deliver_whole(message);
    // What is signed may wait in a stream for the rest of it.
    require(signed_ || forwarder_.allocation_count() == 0, "nobody gets an allocation without proof");
    require(is_signed || client().path.is_stream() || forwarder_.allocation_count() <= before,
            "a datagram without proof allocates nothing");
    const bool may_be_forged = !is_signed && !client().path.is_stream() && !is_known_[who_];
    require(!may_be_forged || answered * 2 <= message.size() * 5, "what could be forged is not amplified");
    sent_by_client_ = false;
  }

  std::size_t deliver_whole(Bytes message) {
    forwarder_.handle_datagram({client().path, message}, now_);
    return drain();
  }

  // Until it is closed.
  std::size_t deliver_in_pieces(Bytes message) {
    std::size_t answered = 0;
    const FiveTuple path = client().path;
    while (!message.empty() && client().path == path) {
      seed_ = seed_ * 1'664'525 + 1'013'904'223;
      const std::size_t size = std::min<std::size_t>(1 + (seed_ >> 24), message.size());
      forwarder_.handle_stream(path, message.first(size), now_);
      message = message.subspan(size);
      answered += drain();
    }
    return answered;
  }

  // From one of the peers to somebody's relayed address, or to none.
  void hear_peer(std::size_t size, std::size_t times) {
    const auto& held = addresses_.held();
    const SocketAddress& peer = names_.peers[input_.u8() % names_.peers.size()];
    const std::size_t which = input_.u8() % (held.size() + 1);
    const auto to = std::next(held.begin(), static_cast<std::ptrdiff_t>(which));
    const SocketAddress relayed = to == held.end() ? at("127.0.0.1:9") : *to;
    const Buffer bytes(size, 0x5a);
    const std::vector<Datagram> datagrams(times, {{Transport::udp, relayed, peer, {}}, bytes});
    forwarder_.handle_peer_datagrams(datagrams, now_);
    const std::size_t heard = drain();
    require(heard == 0 || (may_be_reached(peer) && to != held.end()), "who may not be reached is not heard");
    require(heard <= times * (size + turn::PeerFraming::kMaxOverhead), "what is heard is what was said");
  }

  void close() {
    if (!client().path.is_stream()) return;
    forwarder_.handle_stream_closed(client().path, now_);
    drain();
    begin_anew(client());
  }

  // A connection is over; the client comes again by another.
  void begin_anew(TurnMessenger& stream) {
    stream.path.connection = ConnectionId{++connections_};
    is_known_[static_cast<std::size_t>(&stream - clients_.data())] = false;
  }

  // How many bytes were sent.
  std::size_t drain() {
    std::size_t total = 0;
    while (forwarder_.poll_transmit(*batch_, now_)) {
      require(batch_->size > 0 || batch_->to.local != kServer, "only peers are sent empty datagrams");
      require(batch_->size <= kMaxDatagram, "a batch fits");
      total += batch_->size;
      if (batch_->to.local == kServer) {
        check_to_client();
      } else {
        check_to_peer();
      }
    }
    require(total <= node::Outbox::kMaxBytes, "what waits to be sent is bounded");
    while (const auto refused = forwarder_.poll_refused()) {
      const auto stream = std::ranges::find_if(clients_, [&](const TurnMessenger& each) {
        return each.path.is_stream() && each.path.connection == *refused;
      });
      require(stream != clients_.end(), "only connections that there are are refused");
      begin_anew(*stream);
    }
    require(forwarder_.allocation_count() <= 3, "a user's allocations are limited");
    return total;
  }

  void check_to_client() {
    const auto to = std::ranges::find(clients_, batch_->to, &TurnMessenger::path);
    require(to != clients_.end(), "nobody but clients is spoken to");
    const auto index = static_cast<std::size_t>(to - clients_.begin());
    require(sent_by_client_ ? index == who_ : is_known_[index],
            "answers go to who asked, data to who has proved itself");
    if (!sent_by_client_) return;
    const auto answer = stun::parse(batch_->bytes());
    if (!answer) return;
    to->learn(*answer);
    const bool allocated = answer->is(stun::Class::success, stun::Method::allocate);
    require(!allocated || signed_, "without proof nobody is given anything");
    is_known_[index] = is_known_[index] || allocated;
  }

  void check_to_peer() {
    require(sent_by_client_ && is_known_[who_], "only who has proved itself reaches peers");
    // What was sent before the client's stream turned to junk still goes, if the socket is there.
    const bool was_held = std::ranges::binary_search(held_before_, batch_->to.local);
    require(was_held || addresses_.held().contains(batch_->to.local),
            "peers are reached from relayed addresses");
    require(may_be_reached(batch_->to.remote), "a peer that is not named is not reached");
    require(batch_->to.transport == Transport::udp, "peers are reached by UDP");
  }

  void pass_time(Duration by) {
    const Instant until = now_ + by;
    for (Instant next = forwarder_.next_timeout(); next <= until; next = forwarder_.next_timeout()) {
      now_ = std::max(now_, next);
      forwarder_.handle_timeout(now_);
      require(drain() == 0, "nobody is spoken to unasked");
      require(forwarder_.next_timeout() > now_, "a timeout that was handled is over");
    }
    now_ = until;
    forwarder_.handle_timeout(until);
    drain();
  }

  void finish() {
    pass_time(2h);
    require(forwarder_.allocation_count() == 0, "everything ends");
    require(addresses_.held().empty(), "every relayed address is given back");
    require(forwarder_.next_timeout() == Instant::max(), "an idle forwarder waits for nothing");
  }

  ByteReader input_;
  Instant now_{std::chrono::hours(1)};
  test::SeededRandom random_;
  CountedLabels addresses_{{50'000, 50'015}};
  node::Forwarder forwarder_;
  const std::unique_ptr<TransmitBatch> batch_{new TransmitBatch};  // Not initialised.

  std::vector<TurnMessenger> clients_;
  std::array<bool, kClients> is_known_{};   // Has been given an allocation.
  std::vector<SocketAddress> held_before_;  // The latest message. Sorted.
  Names names_;
  std::uint64_t connections_ = 100;
  std::uint32_t seed_ = 1;
  std::size_t who_ = 0;
  bool signed_ = false;          // Anybody has signed anything.
  bool sent_by_client_ = false;  // What is answered now.
};

}  // namespace
}  // namespace porthole::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  porthole::fuzz::ForwarderProgram(porthole::Bytes(data, size)).run();
  return 0;
}
