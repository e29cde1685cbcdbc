// A TURN client that says what a fuzz target's input asks for: anything, and requests that are signed in
// every way that RFC 8489 has.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "base/packet.hpp"
#include "turn/credentials.hpp"
#include "turn/reservations.hpp"
#include "wire/channel_data.hpp"
#include "wire/stun.hpp"

namespace porthole::fuzz {

using Buffer = std::vector<std::uint8_t>;
using stun::Attribute;

// What messages may name: peers, allowed or not, and tokens that somebody was given.
struct Names {
  std::vector<SocketAddress> peers;
  std::vector<turn::ReservationToken> tokens;
};

class TurnMessenger {
 public:
  TurnMessenger(FiveTuple where, turn::Credentials as) : path(where), credentials(std::move(as)) {}

  Buffer plain_allocate() {
    return message(stun::Class::request, stun::Method::allocate, [](stun::MessageBuilder& builder) {
      builder.add_u32(Attribute::requested_transport, 17U << 24);
    });
  }

  // A byte says how it is signed, one which method it has, the rest is its attributes.
  Buffer signed_request(ByteReader& input, const Names& names) {
    const std::uint8_t style = input.u8();
    const stun::Method method = kMethods[input.u8() % kMethods.size()];
    with_sha256_ = (style & kSha256) != 0;
    with_fingerprint_ = (style & kFingerprint) != 0;
    return message(stun::Class::request, method, [&](stun::MessageBuilder& builder) {
      add_attributes(builder, input, names);
      add_identity(builder, style);
      const turn::Key key = key_of(style);
      if (!with_sha256_ || (style & kBoth) != 0) builder.add_integrity(key);
      if (with_sha256_) builder.add_integrity_sha256(key);
      if (with_fingerprint_) builder.add_fingerprint();
    });
  }

  Buffer unsigned_message(ByteReader& input, const Names& names) {
    const auto kind = static_cast<stun::Class>(input.u8() % 4);
    const stun::Method method = kMethods[input.u8() % kMethods.size()];
    return message(kind, method,
                   [&](stun::MessageBuilder& builder) { add_attributes(builder, input, names); });
  }

  Buffer wrongly_signed(ByteReader& input, const Names& names) {
    const std::string right = std::exchange(credentials.password, "guess");
    Buffer bytes = signed_request(input, names);
    credentials.password = right;
    return bytes;
  }

  // A byte before the integrity that counts is another: nothing that is signed may be changed.
  Buffer tampered(ByteReader& input, const Names& names) {
    Buffer bytes = signed_request(input, names);
    const std::size_t integrity = (with_sha256_ ? 36U : 24U) + (with_fingerprint_ ? 8U : 0U);
    bytes[input.u8() % (bytes.size() - integrity)] ^= static_cast<std::uint8_t>(1U << (input.u8() % 8));
    return bytes;
  }

  static Buffer channel_data(ByteReader& input) {
    const std::uint8_t shape = input.u8();
    Buffer bytes(wire::kChannelHeaderSize + shape % 32);
    wire::write_channel_header(bytes, static_cast<std::uint16_t>(0x3fff + shape / 32),
                               static_cast<std::uint16_t>(shape % 32));
    return bytes;
  }

  // Learns what a challenge tells.
  void learn(const stun::Message& answer) {
    if (const auto told = answer.text(Attribute::realm)) realm = *told;
    if (const auto told = answer.text(Attribute::nonce)) nonce = *told;
  }

  // Whether one of its own keys made that signature.
  bool verifies(const stun::Message& answer) const {
    for (const auto algorithm : {turn::PasswordAlgorithm::md5, turn::PasswordAlgorithm::sha256}) {
      const auto key = turn::long_term_key(credentials.username, realm, credentials.password, algorithm);
      if (answer.integrity_ok(key) || answer.integrity_sha256_ok(key)) return true;
    }
    return false;
  }

  FiveTuple path;
  turn::Credentials credentials;
  std::string realm, nonce;

 private:
  enum Style : std::uint8_t {
    kSha256 = 1,      // MESSAGE-INTEGRITY-SHA256.
    kBoth = 2,        // With MESSAGE-INTEGRITY before it.
    kAlgorithms = 4,  // PASSWORD-ALGORITHMS as they were offered.
    kAlgorithm = 8,   // PASSWORD-ALGORITHM: SHA-256.
    kUserhash = 16,   // Instead of USERNAME.
    kFingerprint = 32,
  };

  static constexpr std::array kMethods{
      stun::Method::allocate,     stun::Method::refresh,           stun::Method::create_permission,
      stun::Method::channel_bind, stun::Method::binding,           stun::Method::send,
      stun::Method::data,         static_cast<stun::Method>(0x7ff)};

  static constexpr std::array kTypes{Attribute::lifetime,
                                     Attribute::xor_peer_address,
                                     Attribute::channel_number,
                                     Attribute::data,
                                     Attribute::requested_transport,
                                     Attribute::requested_address_family,
                                     Attribute::even_port,
                                     Attribute::additional_address_family,
                                     Attribute::reservation_token,
                                     Attribute::dont_fragment,
                                     Attribute::username,
                                     Attribute::realm,
                                     Attribute::nonce,
                                     Attribute::userhash,
                                     Attribute::password_algorithm,
                                     Attribute::password_algorithms,
                                     Attribute::message_integrity_sha256,
                                     Attribute::message_integrity,
                                     Attribute::fingerprint,
                                     Attribute::software,
                                     static_cast<Attribute>(0x7123)};

  template <class Fill>
  Buffer message(stun::Class kind, stun::Method method, const Fill& fill) {
    store_u32(transaction_.data(), ++messages_);
    Buffer bytes(4096);
    stun::MessageBuilder builder(bytes, kind, method, transaction_);
    fill(builder);
    bytes.resize(builder.finish().size());
    return bytes;
  }

  void add_identity(stun::MessageBuilder& builder, std::uint8_t style) const {
    const std::string& name = credentials.username;
    if ((style & kUserhash) != 0) {
      builder.add(Attribute::userhash, crypto::sha256({as_bytes(name), as_bytes(":"), as_bytes(realm)}));
    } else {
      builder.add_text(Attribute::username, name);
    }
    builder.add_text(Attribute::realm, realm);
    builder.add_text(Attribute::nonce, nonce);
    static constexpr std::array<std::uint8_t, 8> kOffered{0, 2, 0, 0, 0, 1, 0, 0};
    if ((style & kAlgorithms) != 0) builder.add(Attribute::password_algorithms, kOffered);
    if ((style & kAlgorithm) != 0) builder.add_u32(Attribute::password_algorithm, 2U << 16);
  }

  turn::Key key_of(std::uint8_t style) const {
    const bool sha256 = (style & kAlgorithm) != 0;
    return turn::long_term_key(credentials.username, realm, credentials.password,
                               sha256 ? turn::PasswordAlgorithm::sha256 : turn::PasswordAlgorithm::md5);
  }

  void add_attributes(stun::MessageBuilder& builder, ByteReader& input, const Names& names) {
    for (unsigned n = input.u8() % 6; n > 0; --n) add_attribute(builder, input, names);
  }

  void add_attribute(stun::MessageBuilder& builder, ByteReader& input, const Names& names) {
    const std::uint8_t choice = input.u8();
    const std::uint8_t which = choice & 0x0f;
    switch (choice >> 4) {
      case 0:
      case 1:
      case 2:
      case 3:
      case 4:
      case 5:
        return builder.add_xor_address(Attribute::xor_peer_address, names.peers[choice % names.peers.size()]);
      case 6:
      case 7:
        return builder.add_u32(Attribute::channel_number, (0x3fffU + choice % 4) << 16);
      case 8:
      case 9:
        return builder.add_u32(Attribute::requested_transport, 17U << 24);
      case 0xa:
      case 0xb:
        return builder.add(kTypes[choice % kTypes.size()],
                           input.take(std::min<std::size_t>(input.u8() % 24, input.remaining())));
      case 0xc:
        return builder.add(Attribute::even_port, std::array{static_cast<std::uint8_t>(which << 7)});
      case 0xd:
        if (names.tokens.empty()) return;
        return builder.add(Attribute::reservation_token, names.tokens[which % names.tokens.size()]);
      case 0xe: {
        const Attribute type =
            which < 8 ? Attribute::requested_address_family : Attribute::additional_address_family;
        return builder.add_u32(type, (which % 4 + 1U) << 24);
      }
      default:
        return builder.add_u32(Attribute::lifetime, which * 400U);
    }
  }

  // How the latest request was signed.
  bool with_sha256_ = false;
  bool with_fingerprint_ = false;
  std::uint32_t messages_ = 0;
  stun::TransactionId transaction_{};
};

}  // namespace porthole::fuzz
