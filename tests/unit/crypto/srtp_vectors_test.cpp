// The examples of RFC 3711 and RFC 7714.
#include <gtest/gtest.h>

#include <algorithm>

#include "crypto/srtp_cipher.hpp"
#include "unit/crypto/srtp_packets.hpp"

namespace porthole::crypto {
namespace {

using test::from_hex;
using test::Packet;

template <std::size_t kSize>
void set(std::array<std::uint8_t, kSize>& key, std::string_view hex) {
  std::ranges::copy(from_hex(hex), key.begin());
}

template <std::size_t kSize>
Packet bytes(const std::array<std::uint8_t, kSize>& key) {
  return {key.begin(), key.end()};
}

TEST(SrtpVectors, KeysAreDerivedAsInRfc3711) {  // Appendix B.3
  SrtpMasterKey master;
  set(master.key, "E1F97A0D3E018BE0D64FA32C06DE4139");
  set(master.salt, "0EC675AD498AFEEBB6960B3AABE6");
  const SrtpSessionKeys keys = derive_session_keys(SrtpProfile::aes128_cm_sha1_80, master);
  EXPECT_EQ(bytes(keys.rtp.encryption), from_hex("C61E7A93744F39EE10734AFE3FF7A087"));
  EXPECT_EQ(bytes(keys.rtp.salt), from_hex("30CBBC08863D8C85D49DB34A9AE1"));
  EXPECT_EQ(bytes(keys.rtp.authentication), from_hex("CEBE321F6FF7716B6FD4AB49AF256A15 6D38BAA4"));
}

TEST(SrtpVectors, CounterModesKeyStreamIsThatOfRfc3711) {  // Appendix B.2
  SrtpSessionKeys keys;
  set(keys.rtp.encryption, "2B7E151628AED2A6ABF7158809CF4F3C");
  set(keys.rtp.salt, "F0F1F2F3F4F5F6F7F8F9FAFBFCFD");
  const auto cipher = make_srtp_cipher(SrtpProfile::aes128_cm_sha1_80, keys, SrtpCipher::Direction::seal);
  Packet packet(12 + 48 + 10);
  ASSERT_EQ(cipher->seal({SrtpKind::rtp, 0, 0}, packet, 12, 60, {}), packet.size());
  EXPECT_EQ(Packet(packet.begin() + 12, packet.end() - 10),
            from_hex("E03EAD0935C95E80E166B16DD92B4EB4 D23513162B02D0F72A43A2FE4A5F97AB "
                     "41E95B3BB0A2E8DD477901E4FCA894C0"));
}

struct GcmVector {
  SrtpPosition position;
  std::size_t header_size;
  std::string_view clear, sealed;
};

void expect_sealed_and_opened(const GcmVector& vector) {
  SrtpSessionKeys keys;
  for (SrtpKindKeys* kind : {&keys.rtp, &keys.rtcp}) {
    set(kind->encryption, "000102030405060708090a0b0c0d0e0f");
    set(kind->salt, "517569642070726f2071756f");
  }
  const Packet clear = from_hex(vector.clear);
  const Packet sealed = from_hex(vector.sealed);
  Packet packet = clear;
  packet.resize(sealed.size());
  const auto sealer = make_srtp_cipher(SrtpProfile::aead_aes_128_gcm, keys, SrtpCipher::Direction::seal);
  EXPECT_EQ(sealer->seal(vector.position, packet, vector.header_size, clear.size(), {}), sealed.size());
  EXPECT_EQ(packet, sealed);
  const auto opener = make_srtp_cipher(SrtpProfile::aead_aes_128_gcm, keys, SrtpCipher::Direction::open);
  ASSERT_TRUE(opener->open(vector.position, packet, vector.header_size));
  packet.resize(clear.size());
  EXPECT_EQ(packet, clear);
}

TEST(SrtpVectors, GcmSealsRtpAsInRfc7714) {  // Section 16.1.1
  expect_sealed_and_opened({{SrtpKind::rtp, 0x5501a0b2, 0xf17b},
                            12,
                            "8040f17b 8041f8d3 5501a0b2 47616c6c 69612065 7374206f 6d6e6973 20646976 69736120"
                            "696e2070 61727465 73207472 6573",
                            "8040f17b 8041f8d3 5501a0b2 f24de3a3 fb34de6c acba861c 9d7e4bca be633bd5 0d294e6f"
                            "42a5f47a 51c7d19b 36de3adf 8833 899d7f27 beb16a91 52cf765e e4390cce"});
}

TEST(SrtpVectors, GcmSealsRtcpAsInRfc7714) {  // Section 17.1
  expect_sealed_and_opened({{SrtpKind::rtcp, 0x4d617273, 0x5d4},
                            8,
                            "81c8000d 4d617273 4e545031 4e545032 52545020 0000042a 0000e930 4c756e61"
                            "deadbeef deadbeef deadbeef deadbeef deadbeef",
                            "81c8000d 4d617273 63e94885 dcdab67c a727d766 2f6b7e99 7ff5c0f7 6c06f32d"
                            "c676a5f1 730d6fda 4ce09b46 86303ded 0bb9275b c84aa458 96cf4d2f c5abf872"
                            "45d9eade 800005d4"});
}

}  // namespace
}  // namespace porthole::crypto
