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

Offer offer_of(std::string_view nonce) {
  return nonce.starts_with(kNonceCookie) ? Offer::password_algorithms : Offer::none;
}

Nonce NonceIssuer::at(const IpAddress& client, Offer offer, std::uint32_t seconds) const {
  // The cookie is hashed as well: who takes it off a nonce has none.
  const std::string_view cookie = offer == Offer::none ? "" : kNonceCookie;
  std::array<std::uint8_t, kTimeSize + kHashSize> raw{};
  store_u32(raw.data(), seconds);
  const auto hash =
      crypto::hmac_sha256(key_, {Bytes(raw).first(kTimeSize), client.bytes(), as_bytes(cookie)});
  std::copy_n(hash.begin(), kHashSize, raw.begin() + kTimeSize);
  Nonce nonce;
  const std::string text = crypto::base64(raw);
  const auto end = std::ranges::copy(cookie, nonce.text_.begin()).out;
  std::ranges::copy(text, end);
  nonce.size_ = cookie.size() + text.size();
  return nonce;
}

Nonce NonceIssuer::issue(const IpAddress& client, Offer offer, Instant now) const {
  return at(client, offer, whole_seconds(now));
}

bool NonceIssuer::valid(std::string_view nonce, const IpAddress& client, Instant now) const {
  const Offer offer = offer_of(nonce);
  const std::string_view plain = offer == Offer::none ? nonce : nonce.substr(kNonceCookie.size());
  if (plain.size() != kNonceSize) return false;
  const auto raw = crypto::base64_decode(plain);
  if (!raw || raw->size() != kTimeSize + kHashSize) return false;
  const std::uint32_t seconds = load_u32(raw->data());
  const Nonce expected = at(client, offer, seconds);
  const bool ours = crypto::constant_time_equal(as_bytes(expected.text()), as_bytes(nonce));
  const std::chrono::seconds age{std::int64_t{whole_seconds(now)} - std::int64_t{seconds}};
  return ours && age >= 0s && age <= kNonceLifetime;
}

}  // namespace porthole::turn
