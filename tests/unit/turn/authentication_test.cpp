#include "turn/authentication.hpp"

#include <gtest/gtest.h>

#include "turn/limits.hpp"
#include "unit/turn/turn_client.hpp"

namespace porthole::turn::test {
namespace {

// The answer without what differs from request to request.
void expect_challenge(const Answer& answer, int code) {
  ASSERT_TRUE(answer.has_reply());
  const stun::Message message = answer.message();
  EXPECT_EQ(answer.error(), code);
  EXPECT_EQ(message.text(Attribute::realm), "porthole");
  const std::string_view nonce = message.text(Attribute::nonce).value_or("");
  const bool offered = message.has(Attribute::password_algorithms);
  EXPECT_EQ(offer_of(nonce), offered ? Offer::password_algorithms : Offer::none);
  EXPECT_EQ(nonce.size(), kNonceSize + (offered ? kNonceCookie.size() : 0));
  EXPECT_FALSE(message.has_integrity());
  EXPECT_FALSE(message.has(Attribute::software));
}

TEST(TurnAuthentication, FirstRequestMeetsRealmAndNonce) {
  World world;
  Client client(world);
  expect_challenge(client.send(client.plain_allocate()), 401);
  EXPECT_EQ(world.server.allocation_count(), 0U);
}

TEST(TurnAuthentication, RightPasswordIsLetIn) {
  World world;
  Client client(world);
  EXPECT_TRUE(client.allocate().succeeded());
}

TEST(TurnAuthentication, UnknownUserLooksLikeAWrongPassword) {
  World world;
  Client client(world);
  client.learn();
  const std::string right = client.username;
  std::vector<Buffer> answers;
  client.password = "wrong";
  for (const std::string& name :
       {right, std::string("nobody"), std::string("999999999999:x"), std::string()}) {
    client.username = name;
    Buffer request = client.allocate_request();
    const Answer answer = client.send(request);
    expect_challenge(answer, 401);
    answers.push_back(answer.bytes);
    std::fill_n(answers.back().begin() + 8, 12, std::uint8_t{0});
  }
  for (const Buffer& answer : answers) EXPECT_EQ(answer, answers.front());
}

TEST(TurnAuthentication, UserWithoutExpiryIsRefusedEvenWithTheRightHash) {
  World world;
  Client client(world);
  for (const char* name :
       {"viewer", ":viewer", "-1:viewer", "12a:viewer", "1800000000000000000:v", " 1900000000"}) {
    const std::string password =
        crypto::base64(crypto::hmac_sha1(as_bytes("the secret"), {as_bytes(std::string_view(name))}));
    client.use({name, password});
    expect_challenge(client.allocate(), 401);
  }
}

TEST(TurnAuthentication, BothSecretsAreValidDuringRotation) {
  World world;
  Client current(world, "192.0.2.1:1");
  current.use(mint("the secret", "viewer", 1'800'003'600));
  EXPECT_TRUE(current.allocate().succeeded());
  Client previous(world, "192.0.2.2:1");
  previous.use(mint("the secret before", "viewer", 1'800'003'600));
  EXPECT_TRUE(previous.allocate().succeeded());
  Client stranger(world, "192.0.2.3:1");
  stranger.use(mint("another secret", "viewer", 1'800'003'600));
  expect_challenge(stranger.allocate(), 401);
}

TEST(TurnAuthentication, RealmIsPartOfTheProof) {
  World world;
  Client client(world);
  client.learn();
  client.realm = "elsewhere";
  expect_challenge(client.allocate(), 401);
}

TEST(TurnAuthentication, IntegrityWithoutItsIngredientsIsABadRequest) {
  World world;
  Client client(world);
  client.learn();
  for (const Attribute missing : {Attribute::username, Attribute::realm, Attribute::nonce}) {
    const Answer answer =
        client.send(client.message(Class::request, Method::allocate, [&](stun::MessageBuilder& builder) {
          Client::udp_transport(builder);
          if (missing != Attribute::username) builder.add_text(Attribute::username, client.username);
          if (missing != Attribute::realm) builder.add_text(Attribute::realm, client.realm);
          if (missing != Attribute::nonce) builder.add_text(Attribute::nonce, client.nonce);
          builder.add_integrity(client.key());
        }));
    EXPECT_EQ(answer.error(), 400);
    EXPECT_FALSE(answer.message().has_integrity());
  }
}

TEST(TurnAuthentication, OverlongUserAndRealmAreBadRequests) {
  World world;
  Client client(world);
  client.learn();
  const std::string name = client.username;
  client.username = std::string(kMaxUsername + 1, '1');
  EXPECT_EQ(client.allocate().error(), 400);
  client.username = std::string(kMaxUsername, '1');
  EXPECT_EQ(client.allocate().error(), 401);
  client.username = name;
  client.realm = std::string(kMaxClientRealm + 1, 'r');
  EXPECT_EQ(client.allocate().error(), 400);
}

TEST(TurnAuthentication, ForgedForeignAndExpiredNoncesGetAFreshOne) {
  World world;
  Client client(world);
  client.learn();
  const std::string good = client.nonce;
  for (const std::size_t at : {0U, 4U, 6U, 23U}) {
    client.nonce = good;
    client.nonce[at] = client.nonce[at] == 'B' ? 'C' : 'B';
    expect_challenge(client.allocate(), 438);
  }
  client.nonce = "short";
  expect_challenge(client.allocate(), 438);

  Client stranger(world, "192.0.2.99:50000");
  stranger.realm = client.realm;
  stranger.nonce = good;
  expect_challenge(stranger.allocate(), 438);

  client.nonce = good;
  world.advance(kNonceLifetime + 1s);
  const Answer stale = client.allocate();
  expect_challenge(stale, 438);
  client.nonce = *stale.message().text(Attribute::nonce);
  EXPECT_TRUE(client.allocate().succeeded());
}

TEST(TurnAuthentication, NonceIsGoodForOtherPortsAndTransportsForHours) {
  World world;
  Client udp(world);
  udp.learn();
  Client tcp(world, "192.0.2.7:50001", Transport::tcp);
  tcp.realm = udp.realm;
  tcp.nonce = udp.nonce;
  world.advance(kNonceLifetime);
  EXPECT_TRUE(tcp.allocate().succeeded());
}

TEST(TurnAuthentication, WrongPasswordWithStaleNonceIs401) {
  World world;
  Client client(world);
  client.learn();
  client.password = "wrong";
  client.nonce = "stale";
  EXPECT_EQ(client.allocate().error(), 401);
}

TEST(TurnAuthentication, ExpiredCredentialsAreRefusedOnAllocateAndRefresh) {
  World world;
  Client client(world);
  client.use(world.secrets.mint("viewer", 1'800'000'000 + 60));
  ASSERT_TRUE(client.allocate().succeeded());
  world.advance(59s);
  EXPECT_TRUE(client.refresh().succeeded());
  world.advance(1s);
  expect_challenge(client.refresh(), 401);
  // What is there may be used until it ends.
  EXPECT_TRUE(client.permit({kPeer}).succeeded());
  EXPECT_TRUE(client.bind(0x4000, kPeer).succeeded());
  Client late(world, "192.0.2.7:50001");
  late.use(world.secrets.mint("viewer", 1'800'000'000 + 60));
  expect_challenge(late.allocate(), 401);
}

TEST(TurnAuthentication, AnswersToAuthenticatedRequestsAreSigned) {
  World world;
  Client client(world);
  for (const Answer& answer : {client.allocate(), client.permit({}), client.refresh(0), client.refresh()}) {
    ASSERT_TRUE(answer.has_reply());
    EXPECT_TRUE(answer.message().integrity_ok(client.key()));
    EXPECT_EQ(answer.message().text(Attribute::software), "porthole test");
    EXPECT_FALSE(answer.message().has_fingerprint());
  }
}

TEST(TurnAuthentication, AnswersHaveAFingerprintWhenTheRequestHadOne) {
  World world;
  Client client(world);
  client.learn();
  client.with_fingerprint = true;
  for (const Answer& answer : {client.allocate(), client.permit({})}) {
    EXPECT_TRUE(answer.message().fingerprint_ok());
  }
  client.password = "wrong";
  EXPECT_TRUE(client.refresh().message().fingerprint_ok());
}

TEST(TurnAuthentication, BrokenFingerprintIsNotAnswered) {
  World world;
  Client client(world);
  client.learn();
  client.with_fingerprint = true;
  Buffer request = client.allocate_request();
  request.back() ^= 1;
  EXPECT_EQ(client.send(request).kind, Outcome::Kind::nothing);
}

// Every request that a forger can send without knowing a password, with attributes of all sizes.
TEST(TurnAuthentication, AnswerToAForgedRequestIsAtMostTwoAndAHalfTimesItsSize) {
  World world;
  for (const char* remote : {"192.0.2.7:50000", "[2001:db8::7]:50000"}) {
    Client client(world, remote);
    for (std::uint16_t method = 0; method < 16; ++method) {
      for (std::size_t extra = 0; extra < 64; ++extra) {
        const bool integrity = extra % 2 == 1;
        const Buffer request =
            client.message(Class::request, static_cast<Method>(method), [&](stun::MessageBuilder& builder) {
              for (std::size_t i = 0; i < extra / 4; ++i) {
                builder.add_flag(static_cast<Attribute>(0x7000 + (extra % 3 == 0 ? 0 : i)));
              }
              if (integrity) builder.add_integrity({});
              if (extra % 4 >= 2) builder.add_fingerprint();
            });
        world.advance(Duration(1s) / kChallengesPerSecond);
        const Answer answer = client.send(request);
        EXPECT_LE(answer.bytes.size() * 2, request.size() * 5) << method << ' ' << extra;
      }
    }
    EXPECT_EQ(client.send(client.plain_allocate()).message().text(Attribute::realm), "porthole");
  }
}

TEST(TurnAuthentication, FloodOfUnauthenticatedRequestsLeavesNothingBehind) {
  World world;
  for (int i = 0; i < 200; ++i) {
    Client client(world, ("192.0.2.7:" + std::to_string(1000 + i)).c_str());
    client.send(client.plain_allocate());
    client.password = "wrong";
    client.realm = "porthole";
    client.nonce = "x";
    client.allocate();
    client.refresh();
    client.permit({kPeer});
    client.bind(0x4000, kPeer);
    client.send_data(kPeer, {});
    client.send_channel_data(0x4000, {});
  }
  EXPECT_EQ(world.server.allocation_count(), 0U);
  EXPECT_EQ(world.server.next_timeout(), Instant::max());
  EXPECT_TRUE(world.events().empty());
}

}  // namespace
}  // namespace porthole::turn::test
