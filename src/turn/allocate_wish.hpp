// What an Allocate or Refresh request asks for, read from its attributes and checked against each other.
#pragma once

#include <chrono>
#include <optional>

#include "base/address.hpp"
#include "base/bytes.hpp"
#include "base/result.hpp"
#include "turn/relay_addresses.hpp"
#include "wire/stun.hpp"

namespace porthole::turn {

struct AllocateWish {
  std::chrono::seconds lifetime{};  // What is granted: between kDefaultLifetime and kMaxLifetime.
  std::optional<Family> family;     // Left to us by nearly everybody.
  bool additional_ipv6 = false;     // An IPv6 address beside the IPv4 one.
  RelayAddresses::Parity parity = RelayAddresses::Parity::any;
  std::optional<Bytes> token;  // Of a reservation. Borrows the message.
};

// The numbers are the steps of RFC 8656 section 7.2. The error is what to answer with.
Result<AllocateWish, stun::ErrorCode> read_allocate(const stun::Message& message);

struct RefreshWish {
  std::chrono::seconds lifetime{};  // 0: the end.
  std::optional<Family> family;     // Of one of two relayed addresses.
};

// RFC 8656 section 8.2.
Result<RefreshWish, stun::ErrorCode> read_refresh(const stun::Message& message);

}  // namespace porthole::turn
