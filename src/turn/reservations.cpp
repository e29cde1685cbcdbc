#include "turn/reservations.hpp"

#include <algorithm>
#include <utility>

#include "crypto/hmac.hpp"
#include "turn/limits.hpp"

namespace porthole::turn {

bool PlainReservations::keep(const ReservationToken& token, Reservation reservation, Instant now) {
  if (kept_.size() >= kMaxReservations) return false;
  kept_.push_back({token, now + kReservationLifetime, std::move(reservation)});
  return true;
}

std::optional<Reservation> PlainReservations::redeem(Bytes token, std::string_view user) {
  const auto found = std::ranges::find_if(
      kept_, [&](const Kept& kept) { return crypto::constant_time_equal(kept.token, token); });
  if (found == kept_.end() || found->reservation.user != user) return std::nullopt;
  Reservation redeemed = std::move(found->reservation);
  kept_.erase(found);
  return redeemed;
}

std::optional<SocketAddress> PlainReservations::pop_expired(Instant now) {
  if (now < next_expiry()) return std::nullopt;
  const SocketAddress address = kept_.front().reservation.address;
  kept_.erase(kept_.begin());
  return address;
}

Instant PlainReservations::next_expiry() const {
  return kept_.empty() ? Instant::max() : kept_.front().expires;
}

}  // namespace porthole::turn
