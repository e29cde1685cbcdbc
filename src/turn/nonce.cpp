#include "turn/nonce.hpp"

#include <algorithm>
#include <chrono>

#include "crypto/hmac.hpp"
#include "turn/limits.hpp"

namespace porthole::turn {
namespace {

constexpr std::size_t kTimeSize = 4;
// 112 bits: a forger gets to try a few thousand a second at most.
constexpr std::size_t kHashSize = 14;
static_assert((kTimeSize + kHashSize) / 3 * 4 == kNonceSize);

// Wraps after 136 years of uptime.
std::uint32_t whole_seconds(Instant now) {
  return static_cast<std::uint32_t>(
      std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count());
}

}  // namespace

Nonce NonceIssuer::at(const IpAddress& client, std::uint32_t seconds) const {
  std::array<std::uint8_t, kTimeSize + kHashSize> raw{};
  store_u32(raw.data(), seconds);
  const auto hash = crypto::hmac_sha256(key_, {Bytes(raw).first(kTimeSize), client.bytes()});
  std::copy_n(hash.begin(), kHashSize, raw.begin() + kTimeSize);
  const std::string text = crypto::base64(raw);
  Nonce nonce{};
  std::ranges::copy(text, nonce.begin());
  return nonce;
}

Nonce NonceIssuer::issue(const IpAddress& client, Instant now) const {
  return at(client, whole_seconds(now));
}

bool NonceIssuer::valid(std::string_view nonce, const IpAddress& client, Instant now) const {
  if (nonce.size() != kNonceSize) return false;
  const auto raw = crypto::base64_decode(nonce);
  if (!raw || raw->size() != kTimeSize + kHashSize) return false;
  const std::uint32_t seconds = load_u32(raw->data());
  const Nonce expected = at(client, seconds);
  const bool ours =
      crypto::constant_time_equal(as_bytes({expected.data(), expected.size()}), as_bytes(nonce));
  const std::chrono::seconds age{std::int64_t{whole_seconds(now)} - std::int64_t{seconds}};
  return ours && age >= 0s && age <= kNonceLifetime;
}

}  // namespace porthole::turn
