#include "turn/reservations.hpp"

#include <algorithm>
#include <utility>

#include "crypto/hmac.hpp"
#include "turn/limits.hpp"

namespace porthole::turn {

bool Reservations::full() const {
  return kept_.size() >= kMaxReservations;
}

std::size_t Reservations::count_of(std::string_view user) const {
  return static_cast<std::size_t>(std::ranges::count(kept_, user, &Reservation::user));
}

ReservationToken Reservations::keep(const SocketAddress& address, std::string_view user, Instant now) {
  ReservationToken token{};
  random_.fill(token);
  kept_.push_back({token, address, std::string(user), now + kReservationLifetime});
  return token;
}

std::vector<Reservations::Reservation>::const_iterator Reservations::locate(Bytes token) const {
  return std::ranges::find_if(
      kept_, [&](const Reservation& kept) { return crypto::constant_time_equal(kept.token, token); });
}

std::optional<SocketAddress> Reservations::find(Bytes token, std::string_view user) const {
  const auto found = locate(token);
  return found == kept_.end() || found->user != user ? std::nullopt : std::optional(found->address);
}

void Reservations::redeem(Bytes token) {
  const auto found = locate(token);
  if (found != kept_.end()) kept_.erase(found);
}

std::optional<SocketAddress> Reservations::pop_expired(Instant now) {
  if (kept_.empty() || kept_.front().expires > now) return std::nullopt;
  const SocketAddress address = kept_.front().address;
  kept_.erase(kept_.begin());
  return address;
}

Instant Reservations::next_expiry() const {
  return kept_.empty() ? Instant::max() : kept_.front().expires;
}

}  // namespace porthole::turn
