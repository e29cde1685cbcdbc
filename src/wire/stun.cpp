#include "wire/stun.hpp"

#include <algorithm>
#include <cassert>

#include "crypto/hmac.hpp"
#include "wire/channel_data.hpp"

namespace porthole::stun {
namespace {

constexpr std::size_t kIntegritySize = 20;
constexpr std::size_t kIntegritySha256Size = 32;
constexpr std::size_t kFingerprintSize = 4;
// RFC 8489 section 14.7: tells a STUN CRC from those of protocols that run inside the same packets.
constexpr std::uint32_t kFingerprintXor = 0x5354554E;
// RFC 8489 section 14.1.
constexpr std::uint8_t kIpv4 = 0x01;
constexpr std::uint8_t kIpv6 = 0x02;

// The CRC-32 of ISO 3309, as in Ethernet: reflected polynomial 0x04C11DB7.
constexpr std::array<std::uint32_t, 256> make_crc_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < table.size(); ++i) {
    std::uint32_t remainder = i;
    for (int bit = 0; bit < 8; ++bit) {
      remainder = (remainder >> 1) ^ ((remainder & 1) != 0 ? 0xEDB88320U : 0U);
    }
    table[i] = remainder;
  }
  return table;
}

constexpr auto kCrcTable = make_crc_table();

std::uint32_t extend_crc(std::uint32_t crc, Bytes bytes) {
  for (const std::uint8_t byte : bytes) crc = (crc >> 8) ^ kCrcTable[(crc ^ byte) & 0xff];
  return crc;
}

// Integrity and fingerprint are computed as if the message ended with their own attribute, so the length
// field that they see may differ from the one that was sent (RFC 8489 sections 14.5 and 14.7).
std::array<std::uint8_t, 2> length_field(std::size_t message_size) {
  std::array<std::uint8_t, 2> field{};
  store_u16(field.data(), static_cast<std::uint16_t>(message_size - kHeaderSize));
  return field;
}

crypto::Sha1Digest integrity(Bytes before, Bytes key) {
  const auto length = length_field(before.size() + kAttributeHeaderSize + kIntegritySize);
  return crypto::hmac_sha1(key, {before.first(2), length, before.subspan(4)});
}

crypto::Sha256Digest integrity_sha256(Bytes before, Bytes key) {
  const auto length = length_field(before.size() + kAttributeHeaderSize + kIntegritySha256Size);
  return crypto::hmac_sha256(key, {before.first(2), length, before.subspan(4)});
}

std::uint32_t fingerprint(Bytes before) {
  const auto length = length_field(before.size() + kAttributeHeaderSize + kFingerprintSize);
  std::uint32_t crc = extend_crc(0xffffffff, before.first(2));
  crc = extend_crc(crc, length);
  crc = extend_crc(crc, before.subspan(4));
  return ~crc ^ kFingerprintXor;
}

// RFC 8489 section 5: the class bits C1 and C0 sit inside the 12 method bits.
Class class_in(std::uint16_t type) {
  return static_cast<Class>(((type >> 7) & 2) | ((type >> 4) & 1));
}

Method method_in(std::uint16_t type) {
  return static_cast<Method>((type & 0x000f) | ((type >> 1) & 0x0070) | ((type >> 2) & 0x0f80));
}

std::uint16_t type_of(Class message_class, Method method) {
  const auto bits = static_cast<unsigned>(method);
  const auto kind = static_cast<unsigned>(message_class);
  return static_cast<std::uint16_t>((bits & 0x000f) | ((bits & 0x0070) << 1) | ((bits & 0x0f80) << 2) |
                                    ((kind & 2) << 7) | ((kind & 1) << 4));
}

// RFC 8489 section 14.8: three bits of hundreds, and the rest in eight.
std::uint32_t class_and_number(ErrorCode code) {
  const auto number = static_cast<std::uint32_t>(code);
  return ((number / 100) << 8) | (number % 100);
}

// XOR with the cookie and the transaction id, which are the same both ways (RFC 8489 section 14.2).
void xor_mask(MutableBytes ip, const TransactionId& transaction) {
  std::array<std::uint8_t, 16> mask{};
  store_u32(mask.data(), kMagicCookie);
  std::copy(transaction.begin(), transaction.end(), mask.begin() + 4);
  for (std::size_t i = 0; i < ip.size(); ++i) ip[i] ^= mask[i];
}

std::optional<SocketAddress> read_xor_address(Bytes value, const TransactionId& transaction) {
  ByteReader reader(value);
  reader.skip(1);
  const std::uint8_t family = reader.u8();
  SocketAddress address;
  address.port = static_cast<std::uint16_t>(reader.u16() ^ (kMagicCookie >> 16));
  std::array<std::uint8_t, 16> ip{};
  const Bytes masked = reader.rest();
  if (!reader.ok() || masked.size() != (family == kIpv4 ? 4U : 16U)) return std::nullopt;
  std::copy(masked.begin(), masked.end(), ip.begin());
  xor_mask(MutableBytes(ip).first(masked.size()), transaction);
  if (family == kIpv4) {
    address.ip = IpAddress::v4(std::span<const std::uint8_t, 4>(ip.data(), 4));
    return address;
  }
  if (family != kIpv6) return std::nullopt;
  address.ip = IpAddress::v6(ip);
  return address;
}

// What stands behind an attribute of that type, and is no attribute for anyone who verified it.
bool ends_message(Attribute seen, Attribute next) {
  if (next == Attribute::fingerprint) return false;
  if (seen == Attribute::message_integrity) return next != Attribute::message_integrity_sha256;
  return seen == Attribute::message_integrity_sha256;
}

}  // namespace

bool has_stun_header(Bytes bytes) {
  return bytes.size() >= 8 && (bytes[0] & 0xc0) == 0 && (bytes[3] & 3) == 0 &&
         load_u32(&bytes[4]) == kMagicCookie;
}

Result<Message, ParseError> parse(Bytes datagram) {
  if (datagram.size() < kHeaderSize || (datagram[0] & 0xc0) != 0) return fail(ParseError::not_stun);
  if (load_u32(&datagram[4]) != kMagicCookie) return fail(ParseError::not_stun);
  const std::uint16_t length = load_u16(&datagram[2]);
  if (length % 4 != 0 || length != datagram.size() - kHeaderSize) return fail(ParseError::bad_length);

  Message message;
  message.bytes_ = datagram;
  message.class_ = class_in(load_u16(datagram.data()));
  message.method_ = method_in(load_u16(datagram.data()));
  std::copy_n(datagram.begin() + 8, message.transaction_.size(), message.transaction_.begin());

  ByteReader reader(datagram.subspan(kHeaderSize));
  std::optional<Attribute> ended_by;
  for (std::size_t seen = 0; reader.remaining() > 0; ++seen) {
    if (seen == kMaxAttributes) return fail(ParseError::too_many_attributes);
    const auto type = static_cast<Attribute>(reader.u16());
    const std::uint16_t size = reader.u16();
    const auto offset = static_cast<std::uint32_t>(datagram.size() - reader.remaining());
    reader.skip(wire::padded(size));
    if (!reader.ok()) return fail(ParseError::bad_attribute);
    // RFC 8489 section 14.7: FINGERPRINT is the last one.
    if (type == Attribute::fingerprint && (size != kFingerprintSize || reader.remaining() > 0)) {
      return fail(ParseError::bad_attribute);
    }
    if (ended_by && ends_message(*ended_by, type)) continue;
    message.entries_[message.size_++] = {type, size, offset};
    if (type == Attribute::message_integrity || type == Attribute::message_integrity_sha256) ended_by = type;
  }
  return message;
}

const Message::Entry* Message::entry(Attribute type, std::size_t n) const {
  for (const Entry& entry : std::span(entries_).first(size_)) {
    if (entry.type == type && n-- == 0) return &entry;
  }
  return nullptr;
}

std::optional<Bytes> Message::find(Attribute type) const {
  const Entry* found = entry(type);
  return found == nullptr ? std::nullopt : std::optional(value(*found));
}

std::optional<std::string_view> Message::text(Attribute type) const {
  const auto bytes = find(type);
  return bytes ? std::optional(as_text(*bytes)) : std::nullopt;
}

std::optional<std::uint8_t> Message::u8(Attribute type) const {
  const auto bytes = find(type);
  return bytes && bytes->size() == 1 ? std::optional((*bytes)[0]) : std::nullopt;
}

std::optional<std::uint16_t> Message::u16_in_word(Attribute type) const {
  const auto bytes = find(type);
  return bytes && bytes->size() == 4 ? std::optional(load_u16(bytes->data())) : std::nullopt;
}

std::optional<std::uint8_t> Message::u8_in_word(Attribute type) const {
  const auto bytes = find(type);
  return bytes && bytes->size() == 4 ? std::optional((*bytes)[0]) : std::nullopt;
}

std::optional<std::uint32_t> Message::u32(Attribute type) const {
  const auto bytes = find(type);
  return bytes && bytes->size() == 4 ? std::optional(load_u32(bytes->data())) : std::nullopt;
}

std::optional<std::uint64_t> Message::u64(Attribute type) const {
  const auto bytes = find(type);
  if (!bytes || bytes->size() != 8) return std::nullopt;
  return (std::uint64_t{load_u32(bytes->data())} << 32) | load_u32(bytes->data() + 4);
}

std::size_t Message::count(Attribute type) const {
  const auto all = std::span(entries_).first(size_);
  return static_cast<std::size_t>(
      std::ranges::count_if(all, [type](const Entry& entry) { return entry.type == type; }));
}

std::optional<SocketAddress> Message::nth_xor_address(Attribute type, std::size_t n) const {
  const Entry* found = entry(type, n);
  return found == nullptr ? std::nullopt : read_xor_address(value(*found), transaction_);
}

std::optional<std::uint16_t> Message::error_code() const {
  const auto bytes = find(Attribute::error_code);
  if (!bytes || bytes->size() < 4) return std::nullopt;
  return static_cast<std::uint16_t>(((*bytes)[2] & 7) * 100 + (*bytes)[3]);
}

bool Message::integrity_ok(Bytes key) const {
  const Entry* found = entry(Attribute::message_integrity);
  if (found == nullptr) return false;
  const auto expected = integrity(bytes_.first(found->offset - kAttributeHeaderSize), key);
  return crypto::constant_time_equal(expected, value(*found));  // False for another size, too.
}

bool Message::integrity_sha256_ok(Bytes key) const {
  const Entry* found = entry(Attribute::message_integrity_sha256);
  if (found == nullptr) return false;
  const auto expected = integrity_sha256(bytes_.first(found->offset - kAttributeHeaderSize), key);
  return crypto::constant_time_equal(expected, value(*found));
}

bool Message::fingerprint_ok() const {
  const Entry* found = entry(Attribute::fingerprint);
  if (found == nullptr) return false;
  return load_u32(value(*found).data()) == fingerprint(bytes_.first(found->offset - kAttributeHeaderSize));
}

std::size_t Message::unknown_required(std::span<const Attribute> known, std::span<std::uint16_t> out) const {
  std::size_t listed = 0;
  for (const Entry& entry : std::span(entries_).first(size_)) {
    const auto type = static_cast<std::uint16_t>(entry.type);
    if (type >= 0x8000 || std::ranges::find(known, entry.type) != known.end()) continue;
    const auto so_far = out.first(listed);
    if (listed == out.size() || std::ranges::find(so_far, type) != so_far.end()) continue;
    out[listed++] = type;
  }
  return listed;
}

std::size_t write_xor_address(MutableBytes out, const SocketAddress& address,
                              const TransactionId& transaction) {
  const Bytes ip = address.ip.bytes();
  assert(out.size() >= 4 + ip.size());
  out[0] = 0;
  out[1] = address.ip.is_v4() ? kIpv4 : kIpv6;
  store_u16(&out[2], static_cast<std::uint16_t>(address.port ^ (kMagicCookie >> 16)));
  const MutableBytes masked = out.subspan(4, ip.size());
  std::ranges::copy(ip, masked.begin());
  xor_mask(masked, transaction);
  return 4 + ip.size();
}

MessageBuilder::MessageBuilder(MutableBytes out, Class message_class, Method method,
                               const TransactionId& transaction)
    : writer_(out) {
  writer_.u16(type_of(message_class, method));
  writer_.u16(0);
  writer_.u32(kMagicCookie);
  writer_.bytes(transaction);
}

void MessageBuilder::add(Attribute type, Bytes value) {
  writer_.u16(static_cast<std::uint16_t>(type));
  writer_.u16(static_cast<std::uint16_t>(value.size()));
  writer_.bytes(value);
  writer_.zeros(wire::padded(value.size()) - value.size());
}

void MessageBuilder::add_u32(Attribute type, std::uint32_t value) {
  std::array<std::uint8_t, 4> bytes{};
  store_u32(bytes.data(), value);
  add(type, bytes);
}

void MessageBuilder::add_u64(Attribute type, std::uint64_t value) {
  std::array<std::uint8_t, 8> bytes{};
  store_u32(bytes.data(), static_cast<std::uint32_t>(value >> 32));
  store_u32(bytes.data() + 4, static_cast<std::uint32_t>(value));
  add(type, bytes);
}

void MessageBuilder::add_xor_address(Attribute type, const SocketAddress& address) {
  TransactionId transaction{};
  if (writer_.written().size() >= kHeaderSize)
    std::ranges::copy(writer_.written().subspan(8, 12), transaction.begin());
  std::array<std::uint8_t, 20> value{};
  add(type, Bytes(value).first(write_xor_address(value, address, transaction)));
}

void MessageBuilder::add_error(ErrorCode code) {
  add_u32(Attribute::error_code, class_and_number(code));
}

void MessageBuilder::add_address_error(Family family, ErrorCode code) {
  const std::uint32_t shown = family == Family::ipv4 ? kIpv4 : kIpv6;
  add_u32(Attribute::address_error_code, (shown << 24) | class_and_number(code));
}

void MessageBuilder::add_unknown_attributes(std::span<const std::uint16_t> types) {
  writer_.u16(static_cast<std::uint16_t>(Attribute::unknown_attributes));
  writer_.u16(static_cast<std::uint16_t>(types.size() * 2));
  for (const std::uint16_t type : types) writer_.u16(type);
  writer_.zeros(types.size() % 2 * 2);
}

void MessageBuilder::add_integrity(Bytes key) {
  if (!writer_.ok()) return;
  const auto digest = integrity(writer_.written(), key);
  add(Attribute::message_integrity, digest);
}

void MessageBuilder::add_integrity_sha256(Bytes key) {
  if (!writer_.ok()) return;
  const auto digest = integrity_sha256(writer_.written(), key);
  add(Attribute::message_integrity_sha256, digest);
}

void MessageBuilder::add_fingerprint() {
  if (!writer_.ok()) return;
  add_u32(Attribute::fingerprint, fingerprint(writer_.written()));
}

Bytes MessageBuilder::finish() {
  if (!writer_.ok() || writer_.size() > kMaxMessage) return {};
  store_u16(&writer_.written()[2], static_cast<std::uint16_t>(writer_.size() - kHeaderSize));
  return writer_.written();
}

}  // namespace porthole::stun
