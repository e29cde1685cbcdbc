// The newer half of RFC 8489 section 9.2: SHA-256, password algorithms, bid-down protection, USERHASH. Only
// for clients that ask for it: browsers know none of it and would fail on it.
#include <gtest/gtest.h>

#include "turn/limits.hpp"
#include "unit/turn/turn_client.hpp"

namespace porthole::turn::test {
namespace {

const Buffer kAlgorithms{0, 2, 0, 0, 0, 1, 0, 0};
constexpr std::uint32_t kSha256 = 2U << 16;
constexpr std::uint32_t kMd5 = 1U << 16;

// A client of the newer kind: what it adds to a request can be bent.
struct NewClient : Client {
  explicit NewClient(World& world, Transport transport = Transport::tcp)
      : Client(world, "192.0.2.7:50000", transport) {}

  Answer learn_all() {
    const Answer answer = send(plain_allocate());
    realm = *answer.message().text(Attribute::realm);
    nonce = *answer.message().text(Attribute::nonce);
    return answer;
  }

  Buffer modern_request(Method method) {
    transaction[0] = static_cast<std::uint8_t>(transaction[0] + 1);
    return message(Class::request, method, [this](stun::MessageBuilder& builder) {
      if (userhash) {
        builder.add(Attribute::userhash, crypto::sha256(as_bytes(username + ":" + realm)));
      } else {
        builder.add_text(Attribute::username, username);
      }
      builder.add_text(Attribute::realm, realm);
      builder.add_text(Attribute::nonce, nonce);
      if (algorithms) builder.add(Attribute::password_algorithms, *algorithms);
      if (algorithm) builder.add_u32(Attribute::password_algorithm, *algorithm);
      udp_transport(builder);
      const Key key =
          long_term_key(username, realm, password,
                        algorithm == kSha256 ? PasswordAlgorithm::sha256 : PasswordAlgorithm::md5);
      if (sha1) builder.add_integrity(key);
      if (sha256) builder.add_integrity_sha256(key);
    });
  }
  Answer modern_allocate() { return send(modern_request(Method::allocate)); }
  Key sha256_key() const { return long_term_key(username, realm, password, PasswordAlgorithm::sha256); }

  std::optional<Buffer> algorithms = kAlgorithms;
  std::optional<std::uint32_t> algorithm = kSha256;
  bool userhash = false;
  bool sha1 = false;
  bool sha256 = true;
};

TEST(TurnSha256, ClientThatAsksForItIsLetInAndAnsweredInKind) {
  World world;
  NewClient client(world);
  const Answer challenge = client.learn_all();
  EXPECT_EQ(challenge.error(), 401);
  EXPECT_TRUE(client.nonce.starts_with("obMatJos2AAAB"));
  const auto offered = challenge.message().find(Attribute::password_algorithms);
  ASSERT_TRUE(offered);
  EXPECT_EQ(Buffer(offered->begin(), offered->end()), kAlgorithms);

  const Answer answer = client.modern_allocate();
  ASSERT_TRUE(answer.succeeded());
  EXPECT_TRUE(answer.message().integrity_sha256_ok(client.sha256_key()));
  EXPECT_FALSE(answer.message().has_integrity());
}

TEST(TurnSha256, ClientThatDoesNotIsAnsweredWithSha1Alone) {
  World world;
  Client client(world, "192.0.2.7:50000", Transport::tcp);
  const Answer answer = client.allocate();
  EXPECT_TRUE(client.nonce.starts_with("obMatJos2"));
  ASSERT_TRUE(answer.succeeded());
  EXPECT_TRUE(answer.message().integrity_ok(client.key()));
  EXPECT_FALSE(answer.message().has_integrity_sha256());
  for (const auto type :
       {Attribute::password_algorithms, Attribute::userhash, Attribute::password_algorithm}) {
    EXPECT_FALSE(answer.message().has(type));
  }
}

TEST(TurnSha256, IsOfferedOnUdpWhereTheAnswerStaysSmall) {
  World world;
  NewClient client(world, Transport::udp);
  EXPECT_FALSE(client.learn_all().message().has(Attribute::password_algorithms));
  EXPECT_EQ(offer_of(client.nonce), Offer::none);
  const Answer answer = client.send(client.message(Class::request, Method::allocate, [](auto& builder) {
    Client::udp_transport(builder);
    builder.add_text(Attribute::software, "a longer client");
  }));
  EXPECT_TRUE(answer.message().has(Attribute::password_algorithms));
}

TEST(TurnSha256, ClientMayAskWithoutAnOffer) {
  World world;
  NewClient client(world, Transport::udp);
  client.learn_all();
  client.algorithms.reset();
  const Answer answer = client.modern_allocate();
  EXPECT_TRUE(answer.succeeded());
  EXPECT_TRUE(answer.message().integrity_sha256_ok(client.sha256_key()));
}

TEST(TurnSha256, Md5KeyMayBeChosen) {
  World world;
  NewClient client(world);
  client.learn_all();
  client.algorithm = kMd5;
  const Answer answer = client.modern_allocate();
  EXPECT_TRUE(answer.succeeded());
  EXPECT_TRUE(answer.message().integrity_sha256_ok(client.key()));
}

TEST(TurnSha256, BothIntegritiesMayBeSentAndTheStrongerOneCounts) {
  World world;
  NewClient client(world);
  client.learn_all();
  client.sha1 = true;
  EXPECT_TRUE(client.modern_allocate().succeeded());
  Buffer request = client.modern_request(Method::refresh);
  request.back() ^= 1;
  EXPECT_EQ(client.send(request).error(), 401);
}

TEST(TurnSha256, OfferThatWasEditedOnTheWayIsABadRequest) {
  World world;
  NewClient client(world);
  client.learn_all();
  const auto refused = [&](std::optional<Buffer> algorithms, std::optional<std::uint32_t> algorithm) {
    client.algorithms = std::move(algorithms);
    client.algorithm = algorithm;
    return client.modern_allocate().error() == 400;
  };
  EXPECT_TRUE(refused(Buffer{0, 1, 0, 0}, kMd5));
  EXPECT_TRUE(refused(Buffer{0, 1, 0, 0, 0, 2, 0, 0}, kMd5));
  EXPECT_TRUE(refused(std::nullopt, kMd5));
  EXPECT_TRUE(refused(kAlgorithms, std::nullopt));
  EXPECT_TRUE(refused(kAlgorithms, 3U << 16));
  EXPECT_FALSE(refused(kAlgorithms, kSha256));
}

TEST(TurnSha256, CookieCannotBeTakenOffANonceNorPutOnOne) {
  World world;
  NewClient tcp(world);
  tcp.learn_all();
  NewClient udp(world, Transport::udp);
  udp.learn_all();
  tcp.nonce = tcp.nonce.substr(kNonceCookie.size());
  EXPECT_EQ(tcp.allocate().error(), 438);
  udp.nonce = std::string(kNonceCookie) + udp.nonce;
  EXPECT_EQ(udp.allocate().error(), 438);
}

TEST(TurnSha256, WrongPasswordIsRefused) {
  World world;
  NewClient client(world);
  client.learn_all();
  client.password = "wrong";
  EXPECT_EQ(client.modern_allocate().error(), 401);
}

TEST(TurnUserhash, StandsForUsersThatWereMintedHere) {
  World world;
  NewClient client(world);
  client.learn_all();
  client.userhash = true;
  EXPECT_EQ(client.modern_allocate().error(), 401);
  world.server.remember_user(client.username);
  EXPECT_TRUE(client.modern_allocate().succeeded());
  EXPECT_EQ(world.server.username(client.allocation()), client.username);
  // The same user by name.
  client.userhash = false;
  EXPECT_TRUE(client.send(client.modern_request(Method::refresh)).succeeded());
}

TEST(TurnUserhash, StrangerLooksLikeAWrongPassword) {
  World world;
  NewClient client(world);
  client.learn_all();
  world.server.remember_user(client.username);
  client.userhash = true;
  client.password = "wrong";
  Answer wrong = client.modern_allocate();
  client.username = "1900000000:stranger";
  Answer stranger = client.modern_allocate();
  EXPECT_EQ(wrong.error(), 401);
  for (Answer* answer : {&wrong, &stranger}) std::fill_n(answer->bytes.begin() + 8, 12, std::uint8_t{0});
  EXPECT_EQ(wrong.bytes, stranger.bytes);
}

TEST(TurnUserhash, KnownUsersAreBoundedAndTheOldestAreForgotten) {
  KnownUsers users("porthole");
  const auto name = [](std::size_t i) { return std::to_string(i) + ":user"; };
  for (std::size_t i = 0; i <= kMaxKnownUsers; ++i) users.remember(name(i));
  users.remember(name(kMaxKnownUsers));
  EXPECT_EQ(users.size(), kMaxKnownUsers);
  const auto find = [&](std::size_t i) {
    return users.find(crypto::sha256(as_bytes(name(i) + ":porthole")));
  };
  EXPECT_FALSE(find(0));
  EXPECT_EQ(find(1), name(1));
  EXPECT_EQ(find(kMaxKnownUsers), name(kMaxKnownUsers));
  EXPECT_FALSE(users.find({}));
}

}  // namespace
}  // namespace porthole::turn::test
