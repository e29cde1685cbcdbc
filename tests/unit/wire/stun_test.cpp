#include "wire/stun.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "support/seeded_random.hpp"
#include "unit/wire/stun_vectors.hpp"

namespace porthole::stun {
namespace {

const Bytes kShortTermPassword = as_bytes("VOkJxbRl1RmTxUk/WvJxBt");
constexpr TransactionId kTransaction{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};

// A message with attributes as raw as a test wants them.
class RawMessage {
 public:
  RawMessage() : bytes_{0x00, 0x01, 0x00, 0x00, 0x21, 0x12, 0xa4, 0x42} {
    bytes_.insert(bytes_.end(), kTransaction.begin(), kTransaction.end());
  }
  RawMessage& attribute(std::uint16_t type, std::size_t size, std::uint8_t fill = 0) {
    for (const std::size_t field : {std::size_t{type}, size}) {
      bytes_.push_back(static_cast<std::uint8_t>(field >> 8));
      bytes_.push_back(static_cast<std::uint8_t>(field));
    }
    bytes_.insert(bytes_.end(), (size + 3) & ~std::size_t{3}, fill);
    store_u16(&bytes_[2], static_cast<std::uint16_t>(bytes_.size() - kHeaderSize));
    return *this;
  }
  std::vector<std::uint8_t>& bytes() { return bytes_; }

 private:
  std::vector<std::uint8_t> bytes_;
};

std::vector<std::uint8_t> built(Class message_class, Method method, auto&& fill) {
  std::vector<std::uint8_t> buffer(1280);
  MessageBuilder builder(buffer, message_class, method, kTransaction);
  fill(builder);
  buffer.resize(builder.finish().size());
  return buffer;
}

TEST(StunMessage, EveryMethodAndClassSurvivesTheWire) {
  for (std::uint16_t method = 0; method < 0x1000; ++method) {
    for (const Class message_class : {Class::request, Class::indication, Class::success, Class::error}) {
      const auto bytes = built(message_class, static_cast<Method>(method), [](MessageBuilder&) {});
      ASSERT_EQ(bytes[0] & 0xc0, 0);
      const auto message = parse(bytes);
      ASSERT_TRUE(message.ok());
      ASSERT_TRUE(message->is(message_class, static_cast<Method>(method)));
    }
  }
}

TEST(StunMessage, TypesOnTheWireAreThoseOfTheStandard) {
  const auto type = [](Class message_class, Method method) {
    return load_u16(built(message_class, method, [](MessageBuilder&) {}).data());
  };
  EXPECT_EQ(type(Class::request, Method::allocate), 0x0003);
  EXPECT_EQ(type(Class::success, Method::allocate), 0x0103);
  EXPECT_EQ(type(Class::error, Method::allocate), 0x0113);
  EXPECT_EQ(type(Class::indication, Method::data), 0x0017);
  EXPECT_EQ(type(Class::error, Method::channel_bind), 0x0119);
}

TEST(StunMessage, EveryTruncationAndExtensionIsRefused) {
  for (std::size_t size = 0; size < test::kSampleRequest.size(); ++size) {
    EXPECT_FALSE(parse(Bytes(test::kSampleRequest).first(size)).ok()) << size;
  }
  std::vector<std::uint8_t> longer(test::kSampleRequest.begin(), test::kSampleRequest.end());
  longer.resize(longer.size() + 4);
  EXPECT_EQ(parse(longer).error(), ParseError::bad_length);
}

TEST(StunMessage, LengthMustBeWholeWords) {
  RawMessage message;
  message.bytes().resize(kHeaderSize + 2);
  store_u16(&message.bytes()[2], 2);
  EXPECT_EQ(parse(message.bytes()).error(), ParseError::bad_length);
}

TEST(StunMessage, CookieAndFirstBitsMustBeRight) {
  RawMessage message;
  ASSERT_TRUE(parse(message.bytes()).ok());
  for (const std::size_t at : {4U, 5U, 6U, 7U}) {
    auto bytes = message.bytes();
    bytes[at] ^= 1;
    EXPECT_EQ(parse(bytes).error(), ParseError::not_stun);
    EXPECT_FALSE(has_stun_header(bytes));
  }
  for (const int bit : {0x80, 0x40}) {
    auto bytes = message.bytes();
    bytes[0] = static_cast<std::uint8_t>(bit);
    EXPECT_EQ(parse(bytes).error(), ParseError::not_stun);
    EXPECT_FALSE(has_stun_header(bytes));
  }
}

TEST(StunMessage, AttributeBeyondTheMessageIsRefused) {
  RawMessage message;
  message.attribute(0x0006, 8);
  store_u16(&message.bytes()[kHeaderSize + 2], 9);
  EXPECT_EQ(parse(message.bytes()).error(), ParseError::bad_attribute);
  store_u16(&message.bytes()[kHeaderSize + 2], 0xffff);
  EXPECT_EQ(parse(message.bytes()).error(), ParseError::bad_attribute);
  store_u16(&message.bytes()[kHeaderSize + 2], 5);  // Its padding ends with the message.
  EXPECT_TRUE(parse(message.bytes()).ok());
}

TEST(StunMessage, FirstOfDuplicateAttributesCounts) {
  RawMessage message;
  message.attribute(0x000D, 4, 1).attribute(0x000D, 4, 2);
  const auto parsed = parse(message.bytes());
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(parsed->u32(Attribute::lifetime), 0x01010101U);
  EXPECT_EQ(parsed->count(Attribute::lifetime), 2U);
}

TEST(StunMessage, WhatFollowsIntegrityIsIgnored) {
  RawMessage message;
  message.attribute(0x0006, 4).attribute(0x0008, 20).attribute(0x000D, 4).attribute(0x7777, 4);
  message.attribute(0x0008, 20, 7).attribute(0x001C, 32).attribute(0x0014, 4).attribute(0x8028, 4);
  const auto parsed = parse(message.bytes());
  ASSERT_TRUE(parsed.ok());
  EXPECT_TRUE(parsed->has(Attribute::username));
  EXPECT_FALSE(parsed->has(Attribute::lifetime));
  EXPECT_FALSE(parsed->has(Attribute::realm));
  EXPECT_TRUE(parsed->has(Attribute::message_integrity_sha256));
  EXPECT_TRUE(parsed->has_fingerprint());
  EXPECT_EQ(parsed->count(Attribute::message_integrity), 1U);
  std::array<std::uint16_t, 4> unknown{};
  const std::array known{Attribute::username, Attribute::message_integrity,
                         Attribute::message_integrity_sha256};
  EXPECT_EQ(parsed->unknown_required(known, unknown), 0U);
}

TEST(StunMessage, IntegrityCoversAllThatIsBeforeIt) {
  const auto bytes = built(Class::request, Method::allocate, [](MessageBuilder& builder) {
    builder.add_text(Attribute::username, "user");
    builder.add_integrity(kShortTermPassword);
    builder.add_fingerprint();
  });
  ASSERT_TRUE(parse(bytes)->integrity_ok(kShortTermPassword));
  const std::size_t integrity_end = bytes.size() - 8;
  for (std::size_t at = 0; at < integrity_end; ++at) {
    for (const int bit : {0x01, 0x20}) {
      auto changed = bytes;
      changed[at] = static_cast<std::uint8_t>(changed[at] ^ bit);
      const auto parsed = parse(changed);
      EXPECT_FALSE(parsed.ok() && parsed->integrity_ok(kShortTermPassword)) << at;
      EXPECT_FALSE(parsed.ok() && parsed->fingerprint_ok()) << at;
    }
  }
}

TEST(StunMessage, BothIntegritiesCoverWhatIsBeforeThem) {
  std::array<std::uint8_t, 256> buffer{};
  const std::string key = "key";
  MessageBuilder builder(buffer, Class::request, Method::allocate, TransactionId{1});
  builder.add_text(Attribute::username, "user");
  builder.add_integrity(as_bytes(key));
  builder.add_integrity_sha256(as_bytes(key));
  builder.add_fingerprint();
  const std::size_t size = builder.finish().size();
  const Bytes written = Bytes(buffer).first(size);
  EXPECT_TRUE(parse(written)->integrity_ok(as_bytes(key)));
  EXPECT_TRUE(parse(written)->integrity_sha256_ok(as_bytes(key)));
  // The first one does not cover the second, which covers the first.
  buffer[kHeaderSize + 8 + 5] ^= 1;
  EXPECT_FALSE(parse(written)->integrity_ok(as_bytes(key)));
  EXPECT_FALSE(parse(written)->integrity_sha256_ok(as_bytes(key)));
  buffer[kHeaderSize + 8 + 5] ^= 1;
  buffer[kHeaderSize + 8 + 24 + 5] ^= 1;
  EXPECT_TRUE(parse(written)->integrity_ok(as_bytes(key)));
  EXPECT_FALSE(parse(written)->integrity_sha256_ok(as_bytes(key)));
}

TEST(StunMessage, TruncatedIntegrityIsNeverRight) {
  RawMessage message;
  message.attribute(0x0008, 16);
  const auto parsed = parse(message.bytes());
  ASSERT_TRUE(parsed.ok());
  EXPECT_TRUE(parsed->has_integrity());
  EXPECT_FALSE(parsed->integrity_ok({}));
  RawMessage longer;
  longer.attribute(0x001C, 16);
  EXPECT_TRUE(parse(longer.bytes())->has_integrity_sha256());
  EXPECT_FALSE(parse(longer.bytes())->integrity_sha256_ok({}));
}

TEST(StunMessage, FingerprintMustBeLastAndOfItsSize) {
  RawMessage followed;
  followed.attribute(0x8028, 4).attribute(0x8022, 4);
  EXPECT_EQ(parse(followed.bytes()).error(), ParseError::bad_attribute);
  RawMessage oversized;
  oversized.attribute(0x8028, 8);
  EXPECT_EQ(parse(oversized.bytes()).error(), ParseError::bad_attribute);
}

TEST(StunMessage, TooManyAttributesAreRefusedWhole) {
  RawMessage message;
  for (std::size_t i = 0; i < kMaxAttributes; ++i) message.attribute(0x0012, 0);
  EXPECT_TRUE(parse(message.bytes()).ok());
  message.attribute(0x0012, 0);
  EXPECT_EQ(parse(message.bytes()).error(), ParseError::too_many_attributes);
}

TEST(StunMessage, UnknownRequiredAttributesAreListedOnceAndBounded) {
  RawMessage message;
  message.attribute(0x7001, 0).attribute(0x7001, 0).attribute(0x8001, 0).attribute(0x000D, 4);
  message.attribute(0x7002, 0).attribute(0x7003, 0);
  const auto parsed = parse(message.bytes());
  ASSERT_TRUE(parsed.ok());
  std::array<std::uint16_t, 2> listed{};
  EXPECT_EQ(parsed->unknown_required(std::array{Attribute::lifetime}, listed), 2U);
  EXPECT_EQ(listed[0], 0x7001);
  EXPECT_EQ(listed[1], 0x7002);
}

TEST(StunMessage, ReadersWantTheExactSize) {
  RawMessage message;
  message.attribute(0x000D, 3).attribute(0x0018, 2).attribute(0x8029, 4).attribute(0x000C, 2);
  message.attribute(0x0020, 0).attribute(0x0012, 12).attribute(0x0016, 20).attribute(0x0009, 3);
  const auto parsed = parse(message.bytes());
  ASSERT_TRUE(parsed.ok());
  EXPECT_FALSE(parsed->u32(Attribute::lifetime));
  EXPECT_FALSE(parsed->u8(Attribute::even_port));
  EXPECT_FALSE(parsed->u64(Attribute::ice_controlled));
  EXPECT_FALSE(parsed->u16_in_word(Attribute::channel_number));
  EXPECT_FALSE(parsed->u8_in_word(Attribute::channel_number));
  EXPECT_FALSE(parsed->xor_address(Attribute::xor_mapped_address));
  EXPECT_FALSE(parsed->xor_address(Attribute::xor_peer_address));
  EXPECT_FALSE(parsed->xor_address(Attribute::xor_relayed_address));  // 20 bytes, but family 0.
  EXPECT_FALSE(parsed->error_code());
}

TEST(StunBuilder, WritesErrorsAndUnknownAttributesAsTheStandardSays) {
  const auto bytes = built(Class::error, Method::allocate, [](MessageBuilder& builder) {
    builder.add_error(ErrorCode::unknown_attribute);
    builder.add_unknown_attributes(std::array<std::uint16_t, 3>{1, 2, 3});
  });
  const auto parsed = parse(bytes);
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(parsed->error_code(), 420);
  const Bytes listed = *parsed->find(Attribute::unknown_attributes);
  ASSERT_EQ(listed.size(), 6U);
  EXPECT_EQ(load_u16(&listed[4]), 3);
  EXPECT_EQ(load_u16(&bytes[bytes.size() - 2]), 0);  // Padding.
}

TEST(StunBuilder, SeveralPeersStandInOneMessage) {
  const auto first = *SocketAddress::parse("192.0.2.1:1");
  const auto second = *SocketAddress::parse("[2001:db8::1]:65535");
  const auto bytes = built(Class::request, Method::create_permission, [&](MessageBuilder& builder) {
    builder.add_xor_address(Attribute::xor_peer_address, first);
    builder.add_xor_address(Attribute::xor_peer_address, second);
  });
  const auto parsed = parse(bytes);
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(parsed->count(Attribute::xor_peer_address), 2U);
  EXPECT_EQ(parsed->nth_xor_address(Attribute::xor_peer_address, 0), first);
  EXPECT_EQ(parsed->nth_xor_address(Attribute::xor_peer_address, 1), second);
  EXPECT_FALSE(parsed->nth_xor_address(Attribute::xor_peer_address, 2));
}

TEST(StunBuilder, TooSmallBufferGivesNothing) {
  for (std::size_t size = 0; size < 76; ++size) {
    std::vector<std::uint8_t> buffer(size);
    MessageBuilder builder(buffer, Class::success, Method::binding, kTransaction);
    builder.add_text(Attribute::username, "abcde");
    builder.add_xor_address(Attribute::xor_mapped_address, *SocketAddress::parse("192.0.2.1:1"));
    builder.add_integrity(kShortTermPassword);
    builder.add_fingerprint();
    EXPECT_TRUE(builder.finish().empty()) << size;
  }
}

TEST(StunBuilder, MessageLongerThanItsLengthFieldIsNotWritten) {
  std::vector<std::uint8_t> buffer(70'000);
  for (const std::size_t size : {65'528U, 65'529U, 65'536U, 69'000U}) {
    MessageBuilder builder(buffer, Class::indication, Method::data, kTransaction);
    builder.add(Attribute::data, std::vector<std::uint8_t>(size));
    EXPECT_EQ(builder.finish().size(), size == 65'528U ? kMaxMessage : 0U) << size;
  }
}

// Mutated messages from a seeded generator: the sanitizers watch every read.
TEST(StunFuzz, MutatedMessagesAreReadWithinTheirBounds) {
  test::SeededRandom random(7);
  const std::array<Bytes, 4> samples{test::kSampleRequest, test::kSampleResponseV4, test::kSampleResponseV6,
                                     test::kSampleLongTermRequest};
  for (int round = 0; round < 5'000; ++round) {
    const Bytes sample = samples[random.u32() % samples.size()];
    // Exactly as large as the message, so that a read beyond it is seen.
    std::vector<std::uint8_t> bytes(sample.begin(), sample.end());
    for (std::uint32_t n = random.u32() % 4; n > 0; --n) {
      bytes[random.u32() % bytes.size()] = static_cast<std::uint8_t>(random.u32());
    }
    if (random.u32() % 4 == 0) bytes.resize(random.u32() % bytes.size() + 1);
    bytes.shrink_to_fit();
    const auto message = parse(bytes);
    if (!message) continue;
    std::array<std::uint16_t, 3> unknown{};
    EXPECT_LE(message->unknown_required({}, unknown), unknown.size());
    message->integrity_ok(kShortTermPassword);
    message->fingerprint_ok();
    message->error_code();
    for (std::uint16_t type = 0; type < 0x30; ++type) {
      const auto attribute = static_cast<Attribute>(type);
      message->xor_address(attribute);
      if (const auto value = message->find(attribute)) {
        EXPECT_LE(value->data() + value->size(), bytes.data() + bytes.size());
      }
    }
  }
}

}  // namespace
}  // namespace porthole::stun
