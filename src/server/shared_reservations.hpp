// Reservations that whichever worker is shown the token hands over.
#pragma once

#include <atomic>
#include <mutex>
#include <type_traits>
#include <utility>

#include "turn/reservations.hpp"

namespace porthole::server {

class SharedReservations final : public turn::Reservations {
 public:
  bool keep(const turn::ReservationToken& token, turn::Reservation reservation, Instant now) override {
    return locked([&] { return kept_.keep(token, std::move(reservation), now); });
  }
  std::optional<turn::Reservation> redeem(Bytes token, std::string_view user) override {
    return locked([&] { return kept_.redeem(token, user); });
  }
  // Asked with every packet.
  std::optional<SocketAddress> pop_expired(Instant now) override {
    if (now < next_expiry()) return std::nullopt;
    return locked([&] { return kept_.pop_expired(now); });
  }
  Instant next_expiry() const override { return next_expiry_.load(std::memory_order_relaxed); }

 private:
  template <class Do>
  std::invoke_result_t<Do> locked(Do&& what) {
    const std::lock_guard lock(mutex_);
    auto result = what();
    next_expiry_.store(kept_.next_expiry(), std::memory_order_relaxed);
    return result;
  }

  std::mutex mutex_;
  turn::PlainReservations kept_;
  std::atomic<Instant> next_expiry_ = Instant::max();
};

}  // namespace porthole::server
