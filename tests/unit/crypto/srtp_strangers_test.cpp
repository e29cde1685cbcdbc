// Ours against libsrtp2, in both directions.
#include <gtest/gtest.h>

#include "crypto/srtp.hpp"
#include "unit/crypto/libsrtp.hpp"
#include "unit/crypto/srtp_packets.hpp"

namespace porthole::crypto {
namespace {

using test::Libsrtp;
using test::Packet;

constexpr std::uint32_t kRtxSsrc = 0x9ABC'DEF0;

class SrtpStrangers : public testing::TestWithParam<SrtpProfile> {
 protected:
  const SrtpKeys keys_ = test::make_keys(GetParam());
  SrtpSender ours_out_{keys_};
  SrtpReceiver ours_in_{test::swapped(keys_)};
  Libsrtp theirs_out_{GetParam(), keys_.local, ssrc_any_outbound};
  Libsrtp theirs_in_{GetParam(), keys_.local, ssrc_any_inbound};
};

INSTANTIATE_TEST_SUITE_P(Profiles, SrtpStrangers,
                         testing::Values(SrtpProfile::aead_aes_128_gcm, SrtpProfile::aes128_cm_sha1_80),
                         [](const auto& each) {
                           return each.param == SrtpProfile::aead_aes_128_gcm ? "Gcm" : "AesCm";
                         });

template <class Sender>
Packet protect(Sender& sender, const Packet& clear) {
  Packet packet = clear;
  packet.resize(clear.size() + kMaxSrtpTrailer);
  packet.resize(sender.protect_rtp(packet, clear.size()));
  return packet;
}

template <class Sender>
Packet protect_control(Sender& sender, const Packet& clear) {
  Packet packet = clear;
  packet.resize(clear.size() + kMaxSrtcpTrailer);
  packet.resize(sender.protect_rtcp(packet, clear.size()));
  return packet;
}

// Two contributing sources and an extension of two words.
Packet rtp_with_everything(std::uint16_t sequence) {
  Packet packet = test::rtp(sequence);
  packet[0] = 0x92;
  const Packet behind_ssrc = test::from_hex("00000001 00000002 BEDE0002 32000000 00000000");
  packet.insert(packet.begin() + 12, behind_ssrc.begin(), behind_ssrc.end());
  return packet;
}

TEST_P(SrtpStrangers, EveryByteOfRtpIsTheirs) {
  for (const std::size_t payload : {0U, 1U, 15U, 16U, 17U, 100U, 1188U, 1400U}) {
    const auto sequence = static_cast<std::uint16_t>(payload);
    const Packet clear = test::rtp(sequence, test::kSsrc, payload);
    EXPECT_EQ(protect(ours_out_, clear), protect(theirs_out_, clear)) << payload;
  }
  const Packet clear = rtp_with_everything(1500);
  EXPECT_EQ(protect(ours_out_, clear), protect(theirs_out_, clear));
}

TEST_P(SrtpStrangers, BothCountRoundsOfTwoSourcesAlike) {
  for (std::uint32_t i = 65'000; i < 200'000; i += 7) {
    const auto sequence = static_cast<std::uint16_t>(i);
    const auto lagging = static_cast<std::uint16_t>(i / 3);
    for (const Packet& clear : {test::rtp(sequence), test::rtp(lagging, kRtxSsrc)}) {
      Packet packet = protect(ours_out_, clear);
      ASSERT_EQ(packet, protect(theirs_out_, clear)) << i;
    }
  }
}

TEST_P(SrtpStrangers, AnOldPacketIsRepeatedAcrossTheWrap) {
  const Packet first = protect(ours_out_, test::rtp(65'500));
  for (std::uint32_t i = 65'501; i < 66'000; ++i)
    protect(ours_out_, test::rtp(static_cast<std::uint16_t>(i)));
  EXPECT_EQ(protect(ours_out_, test::rtp(65'500)), first);
}

TEST_P(SrtpStrangers, AnOldPacketDoesNotTurnTheCounterBack) {
  for (const Packet& clear : {test::rtp(0xF000), test::rtp(0x5000), test::rtp(0x9000)}) {
    ASSERT_EQ(protect(ours_out_, clear), protect(theirs_out_, clear));
  }
  ASSERT_FALSE(protect(ours_out_, test::rtp(0x2000)).empty());
  EXPECT_EQ(protect(ours_out_, test::rtp(0xA001)), protect(theirs_out_, test::rtp(0xA001)));
}

TEST_P(SrtpStrangers, TheyOpenWhatWeProtect) {
  for (std::uint32_t i = 65'000; i < 67'000; ++i) {
    const Packet clear = test::rtp(static_cast<std::uint16_t>(i), i % 5 == 0 ? kRtxSsrc : test::kSsrc);
    Packet packet = protect(ours_out_, clear);
    packet.resize(theirs_in_.unprotect_rtp(packet));
    ASSERT_EQ(packet, clear) << i;
    const Packet control = test::rtcp(i, i % 40 * 4);
    packet = protect_control(ours_out_, control);
    packet.resize(theirs_in_.unprotect_rtcp(packet));
    ASSERT_EQ(packet, control) << i;
  }
}

TEST_P(SrtpStrangers, WeOpenWhatTheyProtect) {
  for (std::uint32_t i = 65'000; i < 67'000; ++i) {
    const std::uint32_t ssrc = i % 5 == 0 ? kRtxSsrc : test::kSsrc;
    const Packet clear = test::rtp(static_cast<std::uint16_t>(i), ssrc);
    Packet packet = protect(theirs_out_, clear);
    const auto size = ours_in_.unprotect_rtp(packet);
    ASSERT_TRUE(size) << i;
    packet.resize(*size);
    ASSERT_EQ(packet, clear) << i;
    const Packet control = test::rtcp(ssrc, i % 40 * 4);
    packet = protect_control(theirs_out_, control);
    const auto control_size = ours_in_.unprotect_rtcp(packet);
    ASSERT_TRUE(control_size) << i;
    packet.resize(*control_size);
    ASSERT_EQ(packet, control) << i;
  }
}

TEST_P(SrtpStrangers, BothTakePacketsOutOfOrderAroundTheWrap) {
  std::vector<Packet> packets;
  for (std::uint32_t i = 65'400; i < 65'700; ++i) {
    packets.push_back(protect(theirs_out_, test::rtp(static_cast<std::uint16_t>(i))));
  }
  std::swap(packets[100], packets[170]);
  std::swap(packets[130], packets[290]);
  for (const Packet& packet : packets) {
    Packet copy = packet;
    EXPECT_TRUE(ours_in_.unprotect_rtp(copy));
    copy = packet;
    EXPECT_GT(theirs_in_.unprotect_rtp(copy), 0u);
  }
}

TEST_P(SrtpStrangers, PayloadsFromElsewhereMakeTheSamePacket) {
  for (const std::size_t prefix : {0U, 2U, 40U}) {  // RFC 4588's original sequence number is 2 bytes.
    const Packet clear = rtp_with_everything(static_cast<std::uint16_t>(prefix));
    constexpr std::size_t kHeader = 12 + 8 + 12;
    const std::size_t written = kHeader + prefix;
    Packet out(clear.begin(), clear.begin() + static_cast<std::ptrdiff_t>(written));
    out.resize(clear.size() + srtp_trailer(GetParam()));
    const std::size_t size = ours_out_.protect_rtp(out, kHeader, written, Bytes(clear).subspan(written));
    EXPECT_EQ(size, out.size());
    EXPECT_EQ(out, protect(theirs_out_, clear)) << prefix;
  }
}

}  // namespace
}  // namespace porthole::crypto
