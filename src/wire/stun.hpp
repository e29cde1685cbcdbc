// STUN messages (RFC 8489): read once into a view, written into a buffer that the caller owns.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/address.hpp"
#include "base/bytes.hpp"
#include "base/result.hpp"

namespace porthole::stun {

enum class Class : std::uint8_t { request = 0, indication = 1, success = 2, error = 3 };

// RFC 8489 section 18.2 and RFC 8656 section 17. A message may carry any other 12-bit number.
enum class Method : std::uint16_t {
  binding = 0x001,
  allocate = 0x003,
  refresh = 0x004,
  send = 0x006,
  data = 0x007,
  create_permission = 0x008,
  channel_bind = 0x009,
};

// RFC 8489 section 18.3, RFC 8656 section 18, RFC 8445 section 16.1.
enum class Attribute : std::uint16_t {
  mapped_address = 0x0001,
  username = 0x0006,
  message_integrity = 0x0008,
  error_code = 0x0009,
  unknown_attributes = 0x000A,
  channel_number = 0x000C,
  lifetime = 0x000D,
  xor_peer_address = 0x0012,
  data = 0x0013,
  realm = 0x0014,
  nonce = 0x0015,
  xor_relayed_address = 0x0016,
  requested_address_family = 0x0017,
  even_port = 0x0018,
  requested_transport = 0x0019,
  dont_fragment = 0x001A,
  message_integrity_sha256 = 0x001C,
  password_algorithm = 0x001D,
  userhash = 0x001E,
  xor_mapped_address = 0x0020,
  reservation_token = 0x0022,
  priority = 0x0024,
  use_candidate = 0x0025,
  additional_address_family = 0x8000,
  address_error_code = 0x8001,
  password_algorithms = 0x8002,
  software = 0x8022,
  fingerprint = 0x8028,
  ice_controlled = 0x8029,
  ice_controlling = 0x802A,
};

// RFC 8489 section 18.4, RFC 8656 section 19, RFC 8445 section 16.2.
enum class ErrorCode : std::uint16_t {
  bad_request = 400,
  unauthorized = 401,
  forbidden = 403,
  unknown_attribute = 420,
  allocation_mismatch = 437,
  stale_nonce = 438,
  address_family_not_supported = 440,
  wrong_credentials = 441,
  unsupported_transport = 442,
  peer_address_family_mismatch = 443,
  allocation_quota_reached = 486,
  role_conflict = 487,
  server_error = 500,
  insufficient_capacity = 508,
};

using TransactionId = std::array<std::uint8_t, 12>;

constexpr std::uint32_t kMagicCookie = 0x2112A442;
constexpr std::size_t kHeaderSize = 20;
constexpr std::size_t kAttributeHeaderSize = 4;

// The length field counts 16 bits of attributes in whole words.
constexpr std::size_t kMaxMessage = kHeaderSize + 0xFFFC;

// Attributes a message may have. Browsers send fewer than 12; a longer message is refused whole, because to
// ignore its tail would be to act on half of a request.
constexpr std::size_t kMaxAttributes = 48;

enum class ParseError : std::uint8_t {
  not_stun,             // Shorter than a header, or no magic cookie.
  bad_length,           // The length field is no multiple of 4 or is not what follows the header.
  bad_attribute,        // An attribute reaches beyond the message, or stands behind FINGERPRINT.
  too_many_attributes,  // More than kMaxAttributes.
};

// True when these bytes begin with a STUN header, as far as its fixed bits and cookie say. 8 bytes suffice.
bool has_stun_header(Bytes bytes);

// A message that was parsed. Borrows the bytes that it was parsed from.
class Message {
 public:
  Class message_class() const { return class_; }
  // May be a number that the enumeration does not name.
  Method method() const { return method_; }
  bool is(Class message_class, Method method) const { return class_ == message_class && method_ == method; }
  const TransactionId& transaction() const { return transaction_; }
  Bytes bytes() const { return bytes_; }

  // The first attribute of that type. What follows MESSAGE-INTEGRITY does not exist here, but for
  // FINGERPRINT and MESSAGE-INTEGRITY-SHA256 (RFC 8489 section 14.5).
  std::optional<Bytes> find(Attribute type) const;
  bool has(Attribute type) const { return find(type).has_value(); }

  // Typed readers of the first such attribute: nullopt when it is missing or has the wrong size.
  std::optional<std::string_view> text(Attribute type) const;
  std::optional<std::uint8_t> u8(Attribute type) const;
  std::optional<std::uint8_t> u8_in_word(Attribute type) const;    // 8 bits and 24 reserved ones.
  std::optional<std::uint16_t> u16_in_word(Attribute type) const;  // 16 bits and 16 reserved ones.
  std::optional<std::uint32_t> u32(Attribute type) const;
  std::optional<std::uint64_t> u64(Attribute type) const;
  std::optional<SocketAddress> xor_address(Attribute type) const { return nth_xor_address(type, 0); }

  // For attributes that may stand several times, as XOR-PEER-ADDRESS in CreatePermission.
  std::size_t count(Attribute type) const;
  std::optional<SocketAddress> nth_xor_address(Attribute type, std::size_t n) const;

  // ERROR-CODE, as class * 100 + number.
  std::optional<std::uint16_t> error_code() const;

  // RFC 8489 sections 14.5 and 14.6: HMAC-SHA1 and HMAC-SHA256 over the message up to the attribute. False
  // when there is none, or when it is truncated, which TURN does not provide for. Compare in constant time.
  bool integrity_ok(Bytes key) const;
  bool integrity_sha256_ok(Bytes key) const;
  bool has_integrity() const { return has(Attribute::message_integrity); }
  bool has_integrity_sha256() const { return has(Attribute::message_integrity_sha256); }

  // RFC 8489 section 14.7. fingerprint_ok() is false when there is none.
  bool has_fingerprint() const { return has(Attribute::fingerprint); }
  bool fingerprint_ok() const;

  // Comprehension-required attributes (below 0x8000) that are not among `known`, each once, as many as `out`
  // holds. Returns how many were written.
  std::size_t unknown_required(std::span<const Attribute> known, std::span<std::uint16_t> out) const;

 private:
  friend Result<Message, ParseError> parse(Bytes datagram);

  struct Entry {
    Attribute type{};
    std::uint16_t size = 0;    // Of the value, without padding.
    std::uint32_t offset = 0;  // Of the value, from the start of the message.
  };

  Message() = default;
  const Entry* entry(Attribute type, std::size_t n = 0) const;
  Bytes value(const Entry& entry) const { return bytes_.subspan(entry.offset, entry.size); }

  Bytes bytes_;
  Class class_ = Class::request;
  Method method_ = Method::binding;
  TransactionId transaction_{};
  std::size_t size_ = 0;
  std::array<Entry, kMaxAttributes> entries_{};
};

// One whole message, no byte more (RFC 8489 section 6.3). Borrows `datagram`, which may start at any address.
Result<Message, ParseError> parse(Bytes datagram);

// Writes a message from front to back. Once something does not fit, finish() returns nothing.
class MessageBuilder {
 public:
  // `out` must not overlap a parsed message that is still in use.
  MessageBuilder(MutableBytes out, Class message_class, Method method, const TransactionId& transaction);

  void add(Attribute type, Bytes value);
  void add_text(Attribute type, std::string_view text) { add(type, as_bytes(text)); }
  void add_flag(Attribute type) { add(type, {}); }
  void add_u32(Attribute type, std::uint32_t value);
  void add_u64(Attribute type, std::uint64_t value);
  void add_xor_address(Attribute type, const SocketAddress& address);
  // Without a reason phrase: nobody reads it, and it would make answers to forged requests larger.
  void add_error(ErrorCode code);
  // RFC 8656 section 18.12: why an allocation has no relayed address of that family.
  void add_address_error(Family family, ErrorCode code);
  void add_unknown_attributes(std::span<const std::uint16_t> types);
  // Both cover what was added before; integrity first, fingerprint last.
  void add_integrity(Bytes key);
  void add_integrity_sha256(Bytes key);
  void add_fingerprint();

  // The message, within `out`; empty when `out` was too small.
  Bytes finish();

 private:
  ByteWriter writer_;
};

// XORs a port and address as XOR-...-ADDRESS values do, into 8 (IPv4) or 20 (IPv6) bytes (RFC 8489 section
// 14.2). Returns that size. For writers that prepare a header once and use it many times.
std::size_t write_xor_address(MutableBytes out, const SocketAddress& address,
                              const TransactionId& transaction);

}  // namespace porthole::stun
