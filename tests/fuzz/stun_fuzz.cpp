// The STUN parser: readers stay within the message, and what the builder writes is read back, signed and
// whole.
#include <array>
#include <vector>

#include "fuzz/require.hpp"
#include "wire/stun.hpp"

namespace porthole::fuzz {
namespace {

using stun::Attribute;

constexpr std::array kTypes{
    Attribute::mapped_address,
    Attribute::username,
    Attribute::error_code,
    Attribute::unknown_attributes,
    Attribute::channel_number,
    Attribute::lifetime,
    Attribute::xor_peer_address,
    Attribute::data,
    Attribute::realm,
    Attribute::nonce,
    Attribute::xor_relayed_address,
    Attribute::requested_address_family,
    Attribute::even_port,
    Attribute::requested_transport,
    Attribute::dont_fragment,
    Attribute::password_algorithm,
    Attribute::userhash,
    Attribute::xor_mapped_address,
    Attribute::reservation_token,
    Attribute::priority,
    Attribute::use_candidate,
    Attribute::additional_address_family,
    Attribute::address_error_code,
    Attribute::password_algorithms,
    Attribute::software,
    Attribute::ice_controlled,
    Attribute::ice_controlling,
};

constexpr std::array<std::uint8_t, 16> kKey{1, 2, 3};

bool within(Bytes part, Bytes whole) {
  return part.empty() ||
         (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

// RFC 8489 sections 5 and 14, at leisure: whole words, attributes one behind the other, FINGERPRINT the last.
bool is_well_formed(Bytes bytes) {
  if (bytes.size() < stun::kHeaderSize || bytes.size() % 4 != 0) return false;
  if (std::size_t{load_u16(&bytes[2])} + stun::kHeaderSize != bytes.size()) return false;
  std::size_t at = stun::kHeaderSize;
  std::size_t count = 0;
  while (at + 4 <= bytes.size()) {
    const std::size_t size = load_u16(&bytes[at + 2]);
    const bool is_fingerprint = load_u16(&bytes[at]) == static_cast<std::uint16_t>(Attribute::fingerprint);
    at += 4 + (size + 3) / 4 * 4;
    if (is_fingerprint && (size != 4 || at != bytes.size())) return false;
    ++count;
  }
  return at == bytes.size() && count <= stun::kMaxAttributes;
}

// RFC 8489 section 14.5: an attacker may add whatever he likes behind it.
void check_end(const stun::Message& message) {
  const auto integrity = message.find(Attribute::message_integrity);
  if (!integrity) return;
  for (const Attribute type : kTypes) {
    const auto value = message.find(type);
    require(!value || value->data() <= integrity->data(), "nothing behind MESSAGE-INTEGRITY counts");
  }
}

void check_sized_readers(const stun::Message& message, Attribute type) {
  const std::size_t size = message.find(type).value_or(Bytes{}).size();
  require(!message.u8(type) || size == 1, "u8() reads one byte");
  require(!message.u8_in_word(type) || size == 4, "u8_in_word() reads four bytes");
  require(!message.u16_in_word(type) || size == 4, "u16_in_word() reads four bytes");
  require(!message.u32(type) || size == 4, "u32() reads four bytes");
  require(!message.u64(type) || size == 8, "u64() reads eight bytes");
  require(!message.xor_address(type) || size == 8 || size == 20, "an address has 8 or 20 bytes");
}

void check_reader(const stun::Message& message, Attribute type) {
  const auto value = message.find(type);
  const std::size_t count = message.count(type);
  require(value.has_value() == (count > 0), "find() finds what count() counts");
  require(count <= stun::kMaxAttributes, "attributes are bounded");
  require(!value || within(*value, message.bytes()), "a value lies within the message");
  require(message.text(type).has_value() == value.has_value(), "any value may be read as text");
  require(!message.nth_xor_address(type, count), "there is nothing after the last");
  check_sized_readers(message, type);
}

void check_unknown(const stun::Message& message) {
  std::array<std::uint16_t, 3> few{};
  const std::size_t count = message.unknown_required(kTypes, few);
  require(count <= few.size(), "no more unknown attributes than there is room for");
  for (std::size_t i = 0; i < count; ++i) require(few[i] < 0x8000, "only required ones are listed");
}

void check_copy(const stun::Message& message, Bytes copy) {
  const auto parsed = stun::parse(copy);
  require(parsed.ok(), "what was built can be parsed");
  require(parsed->transaction() == message.transaction(), "the transaction survives");
  require(parsed->is(message.message_class(), message.method()), "class and method survive");
  require(parsed->integrity_ok(kKey) && parsed->fingerprint_ok(), "what was signed verifies");
  for (const Attribute type : kTypes) {
    const auto before = message.find(type);
    const auto after = parsed->find(type);
    require(before.has_value() == after.has_value(), "attributes survive");
    require(!before || as_text(*before) == as_text(*after), "values survive");
  }
}

void check_tampered(std::vector<std::uint8_t> bytes, std::size_t at) {
  bytes[at % bytes.size()] ^= 0x04;
  const auto parsed = stun::parse(bytes);
  require(!parsed || !parsed->integrity_ok(kKey) || !parsed->fingerprint_ok(), "a changed byte is noticed");
}

void check_round_trip(const stun::Message& message) {
  std::vector<std::uint8_t> out(message.bytes().size() + 32);
  stun::MessageBuilder builder(out, message.message_class(), message.method(), message.transaction());
  for (const Attribute type : kTypes) {
    if (const auto value = message.find(type)) builder.add(type, *value);
  }
  builder.add_integrity(kKey);
  builder.add_fingerprint();
  const Bytes built = builder.finish();
  require(!built.empty(), "a copy takes no more room");
  check_copy(message, built);
  check_tampered({built.begin(), built.end()},
                 message.transaction()[0] + std::size_t{message.transaction()[1]});
}

}  // namespace
}  // namespace porthole::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace porthole;
  const Bytes bytes(data, size);
  const auto message = stun::parse(bytes);
  fuzz::require(!message || fuzz::is_well_formed(bytes), "what is accepted is well-formed");
  if (!message) return 0;
  fuzz::require(stun::has_stun_header(bytes), "what parses has a header");
  for (const stun::Attribute type : fuzz::kTypes) fuzz::check_reader(*message, type);
  fuzz::check_unknown(*message);
  fuzz::check_end(*message);
  message->error_code();
  message->integrity_ok(fuzz::kKey);
  message->integrity_sha256_ok(fuzz::kKey);
  fuzz::require(!message->fingerprint_ok() || message->has_fingerprint(), "a fingerprint that fits is there");
  fuzz::check_round_trip(*message);
  return 0;
}
