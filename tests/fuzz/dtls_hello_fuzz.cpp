// What a stranger's first DTLS datagram can do: it is read within its bytes, answered with less, and a cookie
// is good for the client that it was issued to, for a while.
#include <array>
#include <vector>

#include "crypto/dtls_cookie.hpp"
#include "fuzz/require.hpp"

namespace porthole::fuzz {
namespace {

using crypto::ClientHello;
using crypto::DtlsCookies;
using Packet = std::vector<std::uint8_t>;

constexpr std::size_t kRecordLength = 11;
constexpr std::size_t kHandshakeLength = 14;
constexpr std::size_t kMessage = 17;
constexpr std::size_t kFragmentLength = 22;
constexpr Instant kNow(1h);
const SocketAddress kClient = SocketAddress::parse("192.0.2.1:5000").value();
const SocketAddress kOther = SocketAddress::parse("192.0.2.1:5001").value();

std::uint32_t load_u24(const std::uint8_t* at) {
  return load_u32(at) >> 8;
}

void store_u24(std::uint8_t* at, std::uint32_t value) {
  at[0] = static_cast<std::uint8_t>(value >> 16);
  store_u16(at + 1, static_cast<std::uint16_t>(value));
}

std::size_t offset_of(Bytes part, Bytes whole) {
  return static_cast<std::size_t>(part.data() - whole.data());
}

bool within(Bytes part, Bytes whole) {
  return part.data() >= whole.data() && offset_of(part, whole) + part.size() <= whole.size();
}

// The same ClientHello with another cookie, as a client says it for the second time.
Packet with_cookie(Bytes datagram, const ClientHello& hello, Bytes cookie) {
  const std::size_t cookie_at = offset_of(hello.cookie, datagram);
  const Bytes before = datagram.first(cookie_at);
  const Bytes after = datagram.subspan(cookie_at + hello.cookie.size());
  Packet second(before.begin(), before.end());
  second.back() = static_cast<std::uint8_t>(cookie.size());
  second.insert(second.end(), cookie.begin(), cookie.end());
  second.insert(second.end(), after.begin(), after.end());
  const auto more = static_cast<std::uint32_t>(cookie.size() - hello.cookie.size());
  const std::uint32_t length = load_u24(&datagram[kHandshakeLength]) + more;
  store_u16(&second[kRecordLength], static_cast<std::uint16_t>(load_u16(&datagram[kRecordLength]) + more));
  store_u24(&second[kHandshakeLength], length);
  store_u24(&second[kFragmentLength], length);
  store_u16(&second[kMessage], 1);
  return second;
}

void check_cookie(const DtlsCookies& cookies, const Packet& second) {
  const auto hello = crypto::parse_client_hello(second);
  require(hello.has_value(), "a ClientHello with a cookie is one");
  require(cookies.proves(*hello, kClient, kNow), "who brings the cookie back has proved its address");
  require(cookies.proves(*hello, kClient, kNow + crypto::kCookieLifetime), "a cookie lasts");
  require(!cookies.proves(*hello, kClient, kNow + crypto::kCookieLifetime + 1s),
          "a cookie does not last for ever");
  require(!cookies.proves(*hello, kOther, kNow), "a cookie is nobody else's");
  require(!DtlsCookies(crypto::CookieKey{9}).proves(*hello, kClient, kNow), "a cookie is this server's");
}

void check_answer(const DtlsCookies& cookies, Bytes datagram, const ClientHello& hello) {
  std::array<std::uint8_t, crypto::kHelloVerifyRequestSize> answer{};
  const std::size_t size = cookies.answer(hello, kClient, kNow, answer);
  require(size == answer.size() && size < datagram.size(), "an answer is shorter than what asked for it");
  require(load_u16(&answer[1]) == 0xfeff && answer[13] == 3, "the answer is a HelloVerifyRequest");
  require(!cookies.proves(hello, kClient, kNow), "nobody guesses a cookie");
  if (datagram.size() > 4096) return;
  Packet second = with_cookie(datagram, hello, Bytes(answer).last(crypto::kCookieSize));
  check_cookie(cookies, second);
  const std::size_t changed = offset_of(hello.cookie, datagram) + hello.random[0] % crypto::kCookieSize;
  second[changed] ^= static_cast<std::uint8_t>(1U << hello.random[1] % 8);
  require(!cookies.proves(*crypto::parse_client_hello(second), kClient, kNow), "a changed cookie is none");
}

}  // namespace
}  // namespace porthole::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace porthole;
  const Bytes datagram(data, size);
  const auto hello = crypto::parse_client_hello(datagram);
  if (!hello) return 0;
  fuzz::require(hello->record_number.size() == 6 && hello->random.size() == 32, "numbers have their size");
  for (const Bytes part : {hello->record_number, hello->random, hello->cookie}) {
    fuzz::require(fuzz::within(part, datagram), "what is read lies within the datagram");
  }
  fuzz::check_answer(crypto::DtlsCookies(crypto::CookieKey{1, 2, 3}), datagram, *hello);
  return 0;
}
