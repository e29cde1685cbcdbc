// A seeded network between one server and its clients: UDP that is late, lost, doubled and overtaken, NATs
// that give a client a new address, and TCP streams that are cut wherever chance will have it.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <unordered_map>
#include <vector>

#include "base/packet.hpp"
#include "scheduler.hpp"
#include "support/seeded_random.hpp"

namespace porthole::sim {

using Buffer = std::vector<std::uint8_t>;
using Receive = std::function<void(Bytes)>;

// Of one client's last mile, the same both ways.
struct LinkQuality {
  Duration delay = 10ms;   // One way.
  Duration jitter{};       // On top, up to this: packets overtake each other.
  double loss = 0;         // 0 to 1. Streams lose nothing.
  double duplication = 0;  // The same.
  // Of a stream towards the client; 0: without a limit.
  std::int64_t stream_bits_per_second = 0;
  // A client that does not read: the stream fills, and stays full.
  bool reads = true;
};

// What a stream holds of bytes that have not left yet before it says that it takes no more, as a kernel does.
constexpr std::size_t kStreamBuffer = 16 << 10;

enum class SocketId : std::uint64_t { none = 0 };

class VirtualNetwork {
 public:
  struct Server {
    std::function<void(const Datagram&)> on_datagram;
    std::function<void(const FiveTuple&, Bytes)> on_stream;
    std::function<void(const FiveTuple&)> on_stream_closed;
    std::function<void(const FiveTuple&)> on_stream_writable{};
  };

  VirtualNetwork(Scheduler& scheduler, std::uint64_t seed) : scheduler_(scheduler), random_(seed) {}

  void set_server(Server server, std::vector<SocketAddress> addresses);

  // A client's UDP socket behind a NAT: `outside` is what the server sees. The link lasts as long as the
  // socket and may be changed meanwhile.
  SocketId open_udp(const SocketAddress& outside, const LinkQuality& link, Receive receive);
  void set_link(SocketId socket, const LinkQuality& link);
  // The NAT forgets: what is sent to the old address from now on is lost.
  void rebind(SocketId socket, const SocketAddress& outside);
  void close_udp(SocketId socket);
  void send_udp(SocketId socket, const SocketAddress& to, Bytes bytes);

  // A client's TCP connection, which is established at once.
  FiveTuple open_stream(const SocketAddress& outside, const SocketAddress& to, const LinkQuality& link,
                        Receive receive);
  void set_link(const FiveTuple& stream, const LinkQuality& link);
  void send_stream(const FiveTuple& stream, Bytes bytes);
  void close_stream(const FiveTuple& stream);  // By either side; the server hears of it.

  // A datagram with whatever source address, at once.
  void forge(const SocketAddress& from, const SocketAddress& to, Bytes bytes);

  // What the server sends. False when it is a stream that takes no more for now, though it took this.
  bool deliver(const TransmitBatch& batch);
  // The most bytes that ever waited to leave on one stream.
  std::size_t most_waiting() const { return most_waiting_; }

  // Whether anything ever came from there, so that the server may send there.
  bool may_be_sent_to(const FiveTuple& path) const;
  // Datagrams that the server sent to an address where nobody listens (any more).
  std::size_t sent_to_nobody(const SocketAddress& address) const;

 private:
  struct Socket {
    SocketAddress outside;
    LinkQuality link;
    Receive receive;
  };
  // One direction of a stream: bytes under way.
  struct Flow {
    Buffer bytes;
    Instant last_arrival{};
  };
  struct Stream {
    FiveTuple path;
    LinkQuality link;
    Receive receive;
    bool is_known = false;  // To the server: what it speaks.
    Flow up;
    Flow down;
    // Towards the client, before they are under way.
    std::size_t waiting = 0;
    Instant free_at{};
    bool is_blocked = false;
  };

  double chance() { return random_.u32() / 4294967296.0; }
  Duration latency(const LinkQuality& link);
  // Calls `arrive` for every copy that gets through.
  void carry(const LinkQuality& link, Bytes bytes, const std::function<void(Bytes)>& arrive);
  void deliver_datagram(const SocketAddress& to, Bytes bytes);
  bool deliver_stream(ConnectionId id, Bytes bytes);
  void leave(ConnectionId id, Bytes bytes);
  void push(ConnectionId id, bool up, Bytes bytes);
  void drain(ConnectionId id, bool up, bool whole);

  Scheduler& scheduler_;  // Borrowed.
  test::SeededRandom random_;
  Server server_;
  std::vector<SocketAddress> server_addresses_;
  std::map<SocketId, Socket> sockets_;
  std::unordered_map<SocketAddress, SocketId> by_outside_;
  std::map<ConnectionId, Stream> streams_;
  std::set<SocketAddress> heard_from_;
  std::unordered_map<SocketAddress, std::size_t> to_nobody_;
  std::uint64_t last_id_ = 0;
  std::size_t most_waiting_ = 0;
};

}  // namespace porthole::sim
