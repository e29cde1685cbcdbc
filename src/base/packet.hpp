// What travels through the one port: who sent it, and what is to be sent to whom.
#pragma once

#include <array>
#include <cstdint>
#include <functional>

#include "base/address.hpp"
#include "base/bytes.hpp"

namespace porthole {

// `dtls`: what travels encrypted in UDP datagrams, as seen once it is decrypted.
enum class Transport : std::uint8_t { udp, dtls, tcp, tls };

// A TCP connection's number. io/ assigns it at accept and never uses it again.
enum class ConnectionId : std::uint64_t { none = 0 };

// The 5-tuple between a client and the one port, as seen from here.
struct FiveTuple {
  Transport transport = Transport::udp;
  SocketAddress local;                           // The address that was hit; replies leave from it.
  SocketAddress remote;                          // The client, or its NAT.
  ConnectionId connection = ConnectionId::none;  // Set for streams only.

  bool is_stream() const { return transport == Transport::tcp || transport == Transport::tls; }
  bool operator==(const FiveTuple&) const = default;
};

// One UDP datagram that arrived. Borrows its bytes for the duration of the call.
struct Datagram {
  FiveTuple path;
  Bytes bytes;
};

// The largest UDP payload over IPv4; also the most that one segmented send may carry.
constexpr std::size_t kMaxDatagram = 65'507;

// Segments a batch may hold: the kernel's UDP_MAX_SEGMENTS was 64 before Linux 6.9.
constexpr std::size_t kMaxSegments = 64;

// Equal-sized segments (the last may be shorter) for one destination: a single system call with UDP
// segmentation offload, or a single write on a stream. Whoever polls owns it and reuses it for every poll.
struct TransmitBatch {
  FiveTuple to;
  std::size_t segment_size = 0;  // Bytes. Of a record on TLS, where not 0; meaningless on plain TCP.
  std::size_t size = 0;          // Bytes used in the buffer.
  std::array<std::uint8_t, kMaxDatagram> buffer;  // Not initialised: 64 KiB a poll would be felt.

  Bytes bytes() const { return Bytes(buffer).first(size); }
  MutableBytes free_space() { return MutableBytes(buffer).subspan(size); }
  void clear() { size = segment_size = 0; }
};

// Bytes for a stream that others may be sent too, so that nobody copies them for each. Borrows them until
// whoever gave it is called again.
struct StreamWrite {
  FiveTuple to;
  Bytes bytes;
  bool is_last = false;  // Behind it the connection ends.
};

}  // namespace porthole

template <>
struct std::hash<porthole::FiveTuple> {
  std::size_t operator()(const porthole::FiveTuple& path) const {
    // A remote ip:port is nearly unique; the rest only tells the rare twins apart.
    return std::hash<porthole::SocketAddress>{}(path.remote) ^ static_cast<std::size_t>(path.connection);
  }
};
