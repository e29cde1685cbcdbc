#include "turn/credentials.hpp"

#include <gtest/gtest.h>

#include "turn/limits.hpp"

namespace porthole::turn {
namespace {

TEST(TurnCredentials, UsernameIsExpiryAndName) {
  EXPECT_EQ(mint("secret", "alice", 1'433'895'918).username, "1433895918:alice");
  EXPECT_EQ(mint("secret", "", 1'433'895'918).username, "1433895918");
}

// Against `printf 1433895918:alice | openssl dgst -sha1 -hmac secret -binary | base64`.
TEST(TurnCredentials, PasswordIsWhatOtherServersCompute) {
  EXPECT_EQ(mint("secret", "alice", 1'433'895'918).password, "9FlGeCxuzk5viW4BIqwHUUUEvWw=");
}

TEST(TurnCredentials, KeyIsTheLongTermKeyOfTheStandard) {
  // RFC 8489 section 9.2.2's own example: user "user", realm "realm", password "pass".
  const crypto::Md5Digest expected{0x84, 0x93, 0xfb, 0xc5, 0x3b, 0xa5, 0x82, 0xfb,
                                   0x4c, 0x04, 0x4c, 0x45, 0x6b, 0xdc, 0x40, 0xeb};
  EXPECT_EQ(long_term_key("user", "realm", "pass"), Key(expected));
  EXPECT_EQ(long_term_key("user", "realm", "pass", PasswordAlgorithm::sha256),
            Key(crypto::sha256(as_bytes("user:realm:pass"))));
}

TEST(TurnCredentials, UsernameIsReadStrictly) {
  ASSERT_TRUE(parse_username("1433895918:alice:bob"));
  EXPECT_EQ(parse_username("1433895918:alice:bob")->name, "alice:bob");
  EXPECT_EQ(parse_username("1433895918")->expiry_unix_seconds, 1'433'895'918);
  for (const char* bad : {"", ":", "alice", "-1:a", "+1:a", "1 :a", "0x1:a", "1234567890123:a"}) {
    EXPECT_FALSE(parse_username(bad)) << bad;
  }
}

TEST(TurnCredentials, FirstSecretMintsAndAllVerify) {
  const SharedSecrets secrets({"new", "old"});
  const Credentials minted = secrets.mint("a", 1);
  EXPECT_EQ(minted.password, mint("new", "a", 1).password);
  EXPECT_EQ(secrets.key(0, "1:a", "r"), long_term_key("1:a", "r", minted.password));
  EXPECT_EQ(secrets.key(1, "1:a", "r"), long_term_key("1:a", "r", mint("old", "a", 1).password));
}

TEST(TurnCredentials, SecretsAreBounded) {
  EXPECT_EQ(SharedSecrets(std::vector<std::string>(9, "s")).size(), kMaxSecrets);
}

}  // namespace
}  // namespace porthole::turn
