// Relayed addresses that are kept for a client which asked for two neighbouring ports (RFC 8656 section 7.2).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.hpp"
#include "base/bytes.hpp"
#include "base/quota.hpp"
#include "base/time.hpp"

namespace porthole::turn {

// RFC 8656 section 18.7: what stands for the address. Unguessable, as it is all that its user has to show.
using ReservationToken = std::array<std::uint8_t, 8>;

struct Reservation {
  SocketAddress address;
  std::string user;
  Quota<std::string>::Share of_user;  // It counts as if it were allocated.
};

class Reservations {
 public:
  virtual ~Reservations() = default;

  // For kReservationLifetime. False where there are kMaxReservations.
  virtual bool keep(const ReservationToken& token, Reservation reservation, Instant now) = 0;
  // What the token stands for, if that user may have it: it is no longer kept.
  virtual std::optional<Reservation> redeem(Bytes token, std::string_view user) = 0;
  // The next address that nobody came for, no longer kept.
  virtual std::optional<SocketAddress> pop_expired(Instant now) = 0;
  // Instant::max() when nothing is kept.
  virtual Instant next_expiry() const = 0;
};

// For one thread.
class PlainReservations final : public Reservations {
 public:
  bool keep(const ReservationToken& token, Reservation reservation, Instant now) override;
  std::optional<Reservation> redeem(Bytes token, std::string_view user) override;
  std::optional<SocketAddress> pop_expired(Instant now) override;
  Instant next_expiry() const override;

 private:
  struct Kept {
    ReservationToken token{};
    Instant expires{};
    Reservation reservation;
  };

  // In the order in which they end, as all last equally long.
  std::vector<Kept> kept_;
};

}  // namespace porthole::turn
