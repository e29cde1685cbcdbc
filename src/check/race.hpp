// Several addresses for one purpose, tried at once: the first that works ends the others.
#pragma once

#include <functional>
#include <future>
#include <span>
#include <utility>
#include <vector>

#include "base/address.hpp"
#include "base/result.hpp"
#include "check/deadline.hpp"
#include "check/fault.hpp"

namespace porthole::check {

// A server offers a few; a list without end is not followed.
constexpr std::size_t kMaxRacers = 8;

template <class T>
using Attempt = std::function<Result<T, Fault>(const SocketAddress&, const Deadline&)>;

// What worked, or else the first one's fault. `addresses` has at least one.
template <class T>
Result<T, Fault> race(std::span<const SocketAddress> addresses, const Deadline& deadline,
                      const Attempt<T>& attempt) {
  std::atomic<bool> won = false;
  std::vector<std::future<Result<T, Fault>>> running;
  for (const SocketAddress& address : addresses.first(std::min(addresses.size(), kMaxRacers))) {
    running.push_back(std::async(std::launch::async, [&won, &attempt, &deadline, address] {
      auto result = attempt(address, deadline.until(won));
      if (result) won = true;
      return result;
    }));
  }
  auto best = running.front().get();
  for (std::size_t i = 1; i < running.size(); ++i) {
    auto other = running[i].get();
    if (!best && other) best = std::move(other);
  }
  return best;
}

}  // namespace porthole::check
