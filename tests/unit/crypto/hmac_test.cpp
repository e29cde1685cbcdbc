#include "crypto/hmac.hpp"

#include <gtest/gtest.h>

#include <string>

namespace porthole::crypto {
namespace {

std::string hex(Bytes bytes) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const std::uint8_t byte : bytes) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

TEST(Hmac, Sha1MatchesRfc2202) {
  EXPECT_EQ(hex(hmac_sha1(as_bytes("Jefe"), {as_bytes("what do ya want for nothing?")})),
            "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
  const std::string long_key(80, '\xaa');
  EXPECT_EQ(hex(hmac_sha1(as_bytes(long_key),
                          {as_bytes("Test Using Larger Than Block-Size Key - Hash Key First")})),
            "aa4ae5e15272d00e95705637ce8a3b55ed402112");
}

TEST(Hmac, PlainSha1MatchesRfc3174) {
  EXPECT_EQ(hex(sha1({as_bytes("a"), as_bytes("bc")})), "a9993e364706816aba3e25717850c26c9cd0d89d");
}

TEST(Hmac, Sha256MatchesRfc4231) {
  EXPECT_EQ(hex(hmac_sha256(as_bytes("Jefe"), {as_bytes("what do ya want for nothing?")})),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST(Hmac, PiecesAreOneMessage) {
  const Sha1Digest whole = hmac_sha1(as_bytes("key"), {as_bytes("one two three")});
  EXPECT_EQ(whole, hmac_sha1(as_bytes("key"), {as_bytes("one"), {}, as_bytes(" two"), as_bytes(" three")}));
  EXPECT_NE(whole, hmac_sha1(as_bytes("kez"), {as_bytes("one two three")}));
}

TEST(Hmac, AnEmptyKeyIsNotTheKeyOfLastTime) {
  const std::string empty_key_empty_message = "fbdb1d1b18aa6c08324b7d64b71fb76370690e1d";
  hmac_sha1(as_bytes("other"), {as_bytes("message")});
  EXPECT_EQ(hex(hmac_sha1({}, {})), empty_key_empty_message);
}

TEST(Hash, Md5AndSha256MatchTheirRfcs) {
  EXPECT_EQ(hex(md5({as_bytes("message"), as_bytes(" digest")})), "f96b697d7cb7938d525a2f31aaf161d0");
  EXPECT_EQ(hex(md5({})), "d41d8cd98f00b204e9800998ecf8427e");
  EXPECT_EQ(hex(sha256(as_bytes("abc"))), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(ConstantTimeEqual, ComparesContentAndLength) {
  EXPECT_TRUE(constant_time_equal(as_bytes("same"), as_bytes("same")));
  EXPECT_FALSE(constant_time_equal(as_bytes("same"), as_bytes("sane")));
  EXPECT_FALSE(constant_time_equal(as_bytes("same"), as_bytes("sam")));
  EXPECT_TRUE(constant_time_equal({}, {}));
}

TEST(Base64, MatchesRfc4648) {
  const std::pair<std::string_view, std::string_view> cases[] = {{"", ""},
                                                                 {"f", "Zg=="},
                                                                 {"fo", "Zm8="},
                                                                 {"foo", "Zm9v"},
                                                                 {"foob", "Zm9vYg=="},
                                                                 {"fooba", "Zm9vYmE="},
                                                                 {"foobar", "Zm9vYmFy"},
                                                                 {"\xff\xfe", "//4="}};
  for (const auto& [plain, coded] : cases) {
    EXPECT_EQ(base64(as_bytes(plain)), coded);
    const auto decoded = base64_decode(coded);
    ASSERT_TRUE(decoded) << coded;
    EXPECT_EQ(as_text(*decoded), plain);
  }
}

TEST(Base64, RefusesWhatIsNotCanonical) {
  for (const std::string_view text :
       {"Z", "Zg", "Zg=", "Zh==", "Zm9=", "=", "====", "Zg==Zg==", "Zm 8", "Zm8_", "Z==="}) {
    EXPECT_FALSE(base64_decode(text)) << text;
  }
}

}  // namespace
}  // namespace porthole::crypto
