#include "crypto/dtls_cookie.hpp"

#include <algorithm>
#include <chrono>

#include "crypto/hmac.hpp"

namespace porthole::crypto {
namespace {

constexpr std::uint8_t kHandshakeRecord = 22;
constexpr std::uint8_t kClientHelloType = 1;
constexpr std::uint8_t kHelloVerifyRequestType = 3;
// RFC 6347 section 4.1: the ones' complement of 1.0, 1.2 and so on.
constexpr std::uint8_t kDtlsMajor = 0xfe;
// RFC 6347 section 4.2.1: a HelloVerifyRequest says 1.0 whatever is to be negotiated.
constexpr std::uint16_t kDtls10 = 0xfeff;

constexpr std::size_t kHandshakeHeader = 12;
constexpr std::size_t kRandom = 32;
constexpr std::size_t kMaxSessionId = 32;

// Wraps after 136 years of uptime.
std::uint32_t whole_seconds(Instant now) {
  return static_cast<std::uint32_t>(
      std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count());
}

// RFC 6347 section 4.1: the body of a handshake record in epoch 0 at the front of a datagram.
Bytes handshake_record(Bytes datagram, ClientHello& hello) {
  ByteReader reader(datagram);
  const bool handshake = reader.u8() == kHandshakeRecord;
  const bool dtls = reader.u8() == kDtlsMajor;
  reader.skip(1);
  const bool plain = reader.u16() == 0;
  hello.record_number = reader.take(6);
  const Bytes body = reader.take(reader.u16());
  return reader.ok() && handshake && dtls && plain ? body : Bytes{};
}

// RFC 6347 section 4.2.2: the body of a ClientHello that is whole.
Bytes hello_body(Bytes record, ClientHello& hello) {
  ByteReader reader(record);
  const bool is_hello = reader.u8() == kClientHelloType;
  const std::size_t length = reader.u24();
  hello.message = reader.u16();
  const std::size_t fragment_at = reader.u24();
  const std::size_t fragment = reader.u24();
  const bool whole = fragment_at == 0 && fragment == length && length == reader.remaining();
  return reader.ok() && is_hello && whole ? reader.rest() : Bytes{};
}

}  // namespace

std::optional<ClientHello> parse_client_hello(Bytes datagram) {
  ClientHello hello;
  ByteReader reader(hello_body(handshake_record(datagram, hello), hello));
  const bool dtls = reader.u8() == kDtlsMajor;
  reader.skip(1);
  hello.random = reader.take(kRandom);
  const std::size_t session_id = reader.u8();
  reader.skip(session_id);
  hello.cookie = reader.take(reader.u8());
  // Cipher suites and compression methods: of at least one each.
  const std::size_t ciphers = reader.u16();
  reader.skip(ciphers);
  const std::size_t compressions = reader.u8();
  reader.skip(compressions);
  const bool sound = reader.ok() && dtls && session_id <= kMaxSessionId && ciphers >= 2 && compressions >= 1;
  return sound ? std::optional(hello) : std::nullopt;
}

DtlsCookies::Cookie DtlsCookies::at(const SocketAddress& client, std::uint32_t seconds) const {
  Cookie cookie{};
  store_u32(cookie.data(), seconds);
  std::array<std::uint8_t, 2> port{};
  store_u16(port.data(), client.port);
  const Bytes time = Bytes(cookie).first(sizeof(seconds));
  const Sha256Digest hash = hmac_sha256(key_, {time, port, client.ip.bytes()});
  std::copy_n(hash.begin(), kCookieSize - time.size(),
              cookie.begin() + static_cast<std::ptrdiff_t>(time.size()));
  return cookie;
}

bool DtlsCookies::proves(const ClientHello& hello, const SocketAddress& client, Instant now) const {
  // OpenSSL goes on from there with message 1; a client that has been sent back twice has to start again.
  if (hello.message != 1 || hello.cookie.size() != kCookieSize) return false;
  const std::uint32_t seconds = load_u32(hello.cookie.data());
  const bool ours = constant_time_equal(at(client, seconds), hello.cookie);
  const std::chrono::seconds age{std::int64_t{whole_seconds(now)} - std::int64_t{seconds}};
  return ours && age >= 0s && age <= kCookieLifetime;
}

std::size_t DtlsCookies::answer(const ClientHello& hello, const SocketAddress& client, Instant now,
                                MutableBytes out) const {
  constexpr std::uint16_t kBody = 3 + kCookieSize;
  ByteWriter writer(out);
  writer.u8(kHandshakeRecord);
  writer.u16(kDtls10);
  writer.u16(0);  // Epoch.
  writer.bytes(hello.record_number);
  writer.u16(kHandshakeHeader + kBody);
  writer.u32(std::uint32_t{kHelloVerifyRequestType} << 24 | kBody);
  writer.u16(hello.message);
  writer.u16(0);  // The fragment's offset and length: all of it.
  writer.u32(kBody);
  writer.u16(kDtls10);
  writer.u8(kCookieSize);
  writer.bytes(at(client, whole_seconds(now)));
  return writer.ok() ? writer.size() : 0;
}

}  // namespace porthole::crypto
