// Relayed addresses that are kept for a client which asked for two neighbouring ports (RFC 8656 section 7.2).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.hpp"
#include "base/random.hpp"
#include "base/time.hpp"

namespace porthole::turn {

// RFC 8656 section 18.7: what stands for the address. Unguessable, as it is all that its user has to show.
using ReservationToken = std::array<std::uint8_t, 8>;

class Reservations {
 public:
  // `random` is borrowed.
  explicit Reservations(Random& random) : random_(random) {}

  // At most kMaxReservations at once.
  bool full() const;
  std::size_t count_of(std::string_view user) const;
  // For kReservationLifetime. The caller has made sure that there is room.
  ReservationToken keep(const SocketAddress& address, std::string_view user, Instant now);
  // What the token stands for, if that user may have it. redeem() hands it over: it is no longer kept.
  std::optional<SocketAddress> find(Bytes token, std::string_view user) const;
  void redeem(Bytes token);

  // The next address that nobody came for, no longer kept.
  std::optional<SocketAddress> pop_expired(Instant now);
  // Instant::max() when nothing is kept.
  Instant next_expiry() const;

 private:
  struct Reservation {
    ReservationToken token{};
    SocketAddress address;
    std::string user;
    Instant expires{};
  };
  std::vector<Reservation>::const_iterator locate(Bytes token) const;

  Random& random_;  // Borrowed: outlives this.
  // In the order in which they end, as all last equally long.
  std::vector<Reservation> kept_;
};

}  // namespace porthole::turn
