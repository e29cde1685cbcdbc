#include "crypto/dtls_cookie.hpp"

#include <gtest/gtest.h>

#include <random>

#include "unit/crypto/dtls_client.hpp"

namespace porthole::crypto {
namespace {

using Packet = std::vector<std::uint8_t>;

constexpr Instant kNow(1h);
constexpr std::size_t kMessageAt = 13 + 4;
constexpr std::size_t kFragmentLengthAt = 13 + 9;
const SocketAddress kClient = *SocketAddress::parse("192.0.2.1:5000");

class DtlsCookie : public testing::Test {
 protected:
  // What OpenSSL sends when it is told the cookie that this client would get at that time.
  Packet second_hello(const DtlsCookies& cookies, const SocketAddress& client, Instant at) {
    DtlsClient peer;
    peer.advance();
    const Packet first = peer.take().at(0);
    Packet answer(kHelloVerifyRequestSize);
    EXPECT_EQ(cookies.answer(*parse_client_hello(first), client, at, answer), answer.size());
    peer.handle_datagram(answer);
    return peer.take().at(0);
  }
  Packet first_hello() {
    DtlsClient peer;
    peer.advance();
    return peer.take().at(0);
  }
  bool proves(const Packet& packet, const SocketAddress& client = kClient, Instant now = kNow) const {
    const auto hello = parse_client_hello(packet);
    return hello && cookies_.proves(*hello, client, now);
  }

  using DtlsClient = test::DtlsClient;
  DtlsCookies cookies_{CookieKey{1, 2, 3}};
};

TEST_F(DtlsCookie, ProvesAClientThatBringsItBack) {
  EXPECT_FALSE(proves(first_hello()));
  EXPECT_TRUE(proves(second_hello(cookies_, kClient, kNow)));
}

TEST_F(DtlsCookie, IsWorthNothingToAnotherClient) {
  const Packet hello = second_hello(cookies_, kClient, kNow);
  for (const char* other : {"192.0.2.2:5000", "192.0.2.1:5001", "[2001:db8::1]:5000"}) {
    EXPECT_FALSE(proves(hello, *SocketAddress::parse(other))) << other;
  }
}

TEST_F(DtlsCookie, IsWorthNothingWithAnotherKey) {
  EXPECT_FALSE(proves(second_hello(DtlsCookies(CookieKey{9}), kClient, kNow)));
}

TEST_F(DtlsCookie, LastsAsLongAsItSays) {
  const Packet hello = second_hello(cookies_, kClient, kNow);
  EXPECT_TRUE(proves(hello, kClient, kNow + kCookieLifetime));
  EXPECT_FALSE(proves(hello, kClient, kNow + kCookieLifetime + 1s));
  EXPECT_FALSE(proves(hello, kClient, kNow - 1s)) << "from the future";
}

TEST_F(DtlsCookie, WithAnyBitChangedIsWorthNothing) {
  const Packet hello = second_hello(cookies_, kClient, kNow);
  const auto cookie_at = static_cast<std::size_t>(parse_client_hello(hello)->cookie.data() - hello.data());
  for (std::size_t bit = 0; bit < kCookieSize * 8; ++bit) {
    Packet forged = hello;
    forged[cookie_at + bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    EXPECT_FALSE(proves(forged)) << bit;
  }
}

// OpenSSL goes on with message 1, whatever the number was.
TEST_F(DtlsCookie, CountsInTheSecondClientHelloOnly) {
  Packet hello = second_hello(cookies_, kClient, kNow);
  for (const std::uint16_t message : std::initializer_list<std::uint16_t>{0, 1, 2, 0xffff}) {
    store_u16(&hello[kMessageAt], message);
    EXPECT_EQ(proves(hello), message == 1) << message;
  }
}

TEST_F(DtlsCookie, IsAskedForWithLessThanTheClientHasSent) {
  // The shortest ClientHello that is answered: one cipher suite, no extensions.
  Packet hello = {22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 7, 0, 54, 1, 0, 0, 42, 0, 0, 0, 0, 0, 0, 0, 42};
  hello.insert(hello.end(), {0xfe, 0xfd});
  hello.resize(hello.size() + 32, 0xAA);
  hello.insert(hello.end(), {0, 0, 0, 2, 0xc0, 0x2b, 1, 0});
  const auto parsed = parse_client_hello(hello);
  ASSERT_TRUE(parsed);
  Packet answer(200);
  answer.resize(cookies_.answer(*parsed, kClient, kNow, answer));
  EXPECT_EQ(answer.size(), kHelloVerifyRequestSize);
  EXPECT_LT(answer.size(), hello.size());
  EXPECT_TRUE(std::equal(hello.begin() + 3, hello.begin() + 11, answer.begin() + 3)) << "same record number";
}

TEST_F(DtlsCookie, AnswersNothingInTooLittleRoom) {
  const Packet hello = first_hello();
  Packet out(kHelloVerifyRequestSize - 1);
  EXPECT_EQ(cookies_.answer(*parse_client_hello(hello), kClient, kNow, out), 0u);
}

TEST_F(DtlsCookie, AClientHelloInFragmentsIsRefused) {
  Packet hello = first_hello();
  ASSERT_TRUE(parse_client_hello(hello));
  hello[kFragmentLengthAt + 2] ^= 1;
  EXPECT_FALSE(parse_client_hello(hello));
}

TEST_F(DtlsCookie, ACutOrForeignClientHelloIsRefused) {
  const Packet hello = first_hello();
  for (std::size_t size = 0; size < hello.size(); ++size) {
    EXPECT_FALSE(parse_client_hello(Bytes(hello).first(size))) << size;
  }
  for (const auto& [at, value] : std::initializer_list<std::pair<std::size_t, std::uint8_t>>{
           {0, 23}, {0, 20}, {1, 3}, {4, 1}, {13, 2}, {13, 16}, {25, 3}, {25 + 2 + 32, 33}}) {
    Packet other = hello;
    other[at] = value;
    EXPECT_FALSE(parse_client_hello(other)) << "byte " << at;
  }
}

TEST_F(DtlsCookie, ParsingSurvivesAnything) {
  std::mt19937 random(3);
  const Packet hello = first_hello();
  for (int i = 0; i < 20'000; ++i) {
    Packet packet = hello;
    for (auto changes = random() % 6; changes > 0; --changes) {
      packet[random() % packet.size()] = static_cast<std::uint8_t>(random());
    }
    packet.resize(random() % 4 == 0 ? random() % packet.size() : packet.size());
    proves(packet);
  }
}

}  // namespace
}  // namespace porthole::crypto
