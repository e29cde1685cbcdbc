// Messages of the standards, byte for byte.
#include "wire/stun.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "crypto/hmac.hpp"
#include "unit/wire/stun_vectors.hpp"

namespace porthole::stun {
namespace {

const Bytes kShortTermPassword = as_bytes("VOkJxbRl1RmTxUk/WvJxBt");

TEST(StunVectors, SampleRequestIsReadAndVerified) {
  const auto message = parse(test::kSampleRequest);
  ASSERT_TRUE(message.ok());
  EXPECT_TRUE(message->is(Class::request, Method::binding));
  EXPECT_EQ(message->text(Attribute::username), "evtj:h6vY");
  EXPECT_EQ(message->text(Attribute::software), "STUN test client");
  EXPECT_EQ(message->u32(Attribute::priority), 0x6e0001ffU);
  EXPECT_EQ(message->u64(Attribute::ice_controlled), 0x932ff9b151263b36U);
  EXPECT_TRUE(message->integrity_ok(kShortTermPassword));
  EXPECT_FALSE(message->integrity_ok(as_bytes("VOkJxbRl1RmTxUk/WvJxBs")));
  EXPECT_TRUE(message->fingerprint_ok());
}

TEST(StunVectors, SampleResponsesAreReadAndVerified) {
  for (const auto& [bytes, address] :
       {std::pair{Bytes(test::kSampleResponseV4), "192.0.2.1:32853"},
        std::pair{Bytes(test::kSampleResponseV6), "[2001:db8:1234:5678:11:2233:4455:6677]:32853"}}) {
    const auto message = parse(bytes);
    ASSERT_TRUE(message.ok());
    EXPECT_TRUE(message->is(Class::success, Method::binding));
    EXPECT_EQ(message->xor_address(Attribute::xor_mapped_address), SocketAddress::parse(address));
    EXPECT_TRUE(message->integrity_ok(kShortTermPassword));
    EXPECT_TRUE(message->fingerprint_ok());
  }
}

TEST(StunVectors, SampleLongTermRequestIsVerified) {
  const auto message = parse(test::kSampleLongTermRequest);
  ASSERT_TRUE(message.ok());
  EXPECT_EQ(message->text(Attribute::realm), "example.org");
  EXPECT_EQ(message->text(Attribute::nonce), "f//499k954d6OL34oL9FSTvy64sA");
  const auto key =
      crypto::md5({as_bytes(*message->text(Attribute::username)), as_bytes(":example.org:TheMatrIX")});
  EXPECT_TRUE(message->integrity_ok(key));
  EXPECT_FALSE(message->has_fingerprint());
  EXPECT_FALSE(message->fingerprint_ok());
}

TEST(StunVectors, SampleSha256RequestIsVerified) {
  const auto message = parse(test::kSampleSha256Request);
  ASSERT_TRUE(message.ok());
  const std::string user = "マトリックス";
  EXPECT_EQ(as_text(*message->find(Attribute::userhash)),
            as_text(crypto::sha256(as_bytes(user + ":example.org"))));
  EXPECT_EQ(message->u16_in_word(Attribute::password_algorithm), 2);
  const auto key = crypto::sha256(as_bytes(user + ":example.org:TheMatrIX"));
  EXPECT_TRUE(message->integrity_sha256_ok(key));
  EXPECT_FALSE(message->integrity_sha256_ok(crypto::sha256(as_bytes(user + ":example.org:TheMatrIY"))));
  EXPECT_FALSE(message->integrity_ok(key));
}

TEST(StunVectors, SampleSha256RequestIsWrittenByteForByte) {
  const Bytes expected(test::kSampleSha256Request);
  const auto sample = parse(expected);
  ASSERT_TRUE(sample.ok());
  std::vector<std::uint8_t> buffer(expected.size());
  MessageBuilder builder(buffer, Class::request, Method::binding, sample->transaction());
  for (const Attribute type :
       {Attribute::userhash, Attribute::nonce, Attribute::realm, Attribute::password_algorithm}) {
    builder.add(type, *sample->find(type));
  }
  builder.add_integrity_sha256(crypto::sha256(as_bytes("マトリックス:example.org:TheMatrIX")));
  EXPECT_EQ(as_text(builder.finish()), as_text(expected));
}

TEST(StunVectors, SampleResponsesAreWrittenByteForByte) {
  for (const Bytes expected : {Bytes(test::kSampleResponseV4), Bytes(test::kSampleResponseV6)}) {
    const auto sample = parse(expected);
    ASSERT_TRUE(sample.ok());
    std::vector<std::uint8_t> buffer(expected.size());
    MessageBuilder builder(buffer, Class::success, Method::binding, sample->transaction());
    builder.add_text(Attribute::software, "test vector");
    // The vectors pad with spaces; we pad with zeros, so the rest differs where a hash covers the padding.
    builder.add_xor_address(Attribute::xor_mapped_address,
                            *sample->xor_address(Attribute::xor_mapped_address));
    builder.add_integrity(kShortTermPassword);
    builder.add_fingerprint();
    const Bytes written = builder.finish();
    ASSERT_EQ(written.size(), expected.size());
    const std::size_t address_end = expected.size() - 24 - 8;
    EXPECT_EQ(written[35], 0);
    EXPECT_TRUE(std::ranges::equal(written.first(35), expected.first(35)));
    EXPECT_TRUE(
        std::ranges::equal(written.subspan(36, address_end - 36), expected.subspan(36, address_end - 36)));
    const auto reread = parse(written);
    ASSERT_TRUE(reread.ok());
    EXPECT_TRUE(reread->integrity_ok(kShortTermPassword));
    EXPECT_TRUE(reread->fingerprint_ok());
  }
}

}  // namespace
}  // namespace porthole::stun
