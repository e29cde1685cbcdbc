#include "crypto/srtp.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "support/seeded_random.hpp"
#include "unit/crypto/srtp_packets.hpp"

namespace porthole::crypto {
namespace {

using test::kSsrc;
using test::Packet;
using test::rtcp;
using test::rtp;

class Srtp : public testing::TestWithParam<SrtpProfile> {
 protected:
  Packet protect(const Packet& clear) {
    Packet buffer = clear;
    buffer.resize(clear.size() + kMaxSrtpTrailer);
    buffer.resize(sender_.protect_rtp(buffer, clear.size()));
    return buffer;
  }

  Packet protect_control(const Packet& clear) {
    Packet buffer = clear;
    buffer.resize(clear.size() + kMaxSrtcpTrailer);
    buffer.resize(sender_.protect_rtcp(buffer, clear.size()));
    return buffer;
  }

  const SrtpKeys keys_ = test::make_keys(GetParam());
  SrtpSender sender_{keys_};
  SrtpReceiver receiver_{test::swapped(keys_)};
};

INSTANTIATE_TEST_SUITE_P(Profiles, Srtp,
                         testing::Values(SrtpProfile::aead_aes_128_gcm, SrtpProfile::aes128_cm_sha1_80),
                         [](const auto& each) {
                           return each.param == SrtpProfile::aead_aes_128_gcm ? "Gcm" : "AesCm";
                         });

TEST_P(Srtp, RtpArrivesAsItWasSent) {
  const Packet clear = rtp(1);
  Packet packet = protect(clear);
  EXPECT_EQ(packet.size(), clear.size() + srtp_trailer(GetParam()));
  EXPECT_FALSE(std::equal(clear.begin() + 12, clear.end(), packet.begin() + 12)) << "payload in clear";
  const auto size = receiver_.unprotect_rtp(packet);
  ASSERT_TRUE(size);
  packet.resize(*size);
  EXPECT_EQ(packet, clear);
}

TEST_P(Srtp, RtcpArrivesAsItWasSent) {
  const Packet clear = rtcp();
  Packet packet = protect_control(clear);
  EXPECT_EQ(packet.size(), clear.size() + srtcp_trailer(GetParam()));
  const auto size = receiver_.unprotect_rtcp(packet);
  ASSERT_TRUE(size);
  packet.resize(*size);
  EXPECT_EQ(packet, clear);
}

TEST_P(Srtp, AnyFlippedBitIsRefused) {
  const Packet media = protect(rtp(1));
  const Packet control = protect_control(rtcp());
  for (std::size_t i = 1; i < media.size(); ++i) {
    Packet damaged = media;
    damaged[i] ^= 0x10;
    EXPECT_FALSE(receiver_.unprotect_rtp(damaged)) << "byte " << i;
  }
  for (std::size_t i = 1; i < control.size(); ++i) {
    Packet damaged = control;
    damaged[i] ^= 0x01;
    EXPECT_FALSE(receiver_.unprotect_rtcp(damaged)) << "byte " << i;
  }
  Packet intact = media;
  EXPECT_TRUE(receiver_.unprotect_rtp(intact)) << "failures must not spoil what is genuine";
}

TEST_P(Srtp, TheWrongKeyIsRefused) {
  SrtpReceiver other(keys_);  // Not swapped: expects what it sends itself.
  Packet packet = protect(rtp(1));
  const auto size = other.unprotect_rtp(packet);
  ASSERT_FALSE(size);
  EXPECT_EQ(size.error(), SrtpError::not_authentic);
}

TEST_P(Srtp, AReplayIsRefused) {
  const Packet media = protect(rtp(7));
  const Packet control = protect_control(rtcp());
  Packet copy = media;
  EXPECT_TRUE(receiver_.unprotect_rtp(copy));
  copy = media;
  const auto again = receiver_.unprotect_rtp(copy);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error(), SrtpError::replayed);
  copy = control;
  EXPECT_TRUE(receiver_.unprotect_rtcp(copy));
  copy = control;
  const auto control_again = receiver_.unprotect_rtcp(copy);
  ASSERT_FALSE(control_again);
  EXPECT_EQ(control_again.error(), SrtpError::replayed);
}

TEST_P(Srtp, TheSenderMayRepeatAnOldPacket) {
  const Packet first = protect(rtp(1));
  for (std::uint16_t sequence = 2; sequence < 900; ++sequence) ASSERT_FALSE(protect(rtp(sequence)).empty());
  EXPECT_EQ(protect(rtp(1)), first);
}

TEST_P(Srtp, SequenceNumbersRollOver) {
  for (std::uint32_t i = 65'000; i < 66'500; ++i) {
    Packet packet = protect(rtp(static_cast<std::uint16_t>(i)));
    ASSERT_TRUE(receiver_.unprotect_rtp(packet)) << i;
  }
}

TEST_P(Srtp, RefusesToProtectWithoutRoomForTheTrailer) {
  const Packet clear = rtp(1);
  Packet buffer = clear;
  buffer.resize(clear.size() + srtp_trailer(GetParam()) - 1);
  EXPECT_EQ(sender_.protect_rtp(buffer, clear.size()), 0u);
  EXPECT_EQ(sender_.protect_rtp(buffer, buffer.size() + 1), 0u);
  EXPECT_EQ(sender_.protect_rtp(buffer, 11), 0u);
  buffer = rtcp();
  buffer.resize(8 + srtcp_trailer(GetParam()) - 1);
  EXPECT_EQ(sender_.protect_rtcp(buffer, 8), 0u);
  EXPECT_EQ(sender_.protect_rtcp(buffer, 7), 0u);
}

TEST_P(Srtp, RefusesPiecesThatMakeNoPacket) {
  Packet out = rtp(1);
  const Packet payload(100);
  out.resize(12 + payload.size() + srtp_trailer(GetParam()));
  EXPECT_EQ(sender_.protect_rtp(out, 12, 13, payload), 0u) << "no room";
  EXPECT_EQ(sender_.protect_rtp(out, 12, 11, payload), 0u) << "a header longer than what is written";
  EXPECT_EQ(sender_.protect_rtp(out, 11, 12, payload), 0u) << "no header";
  EXPECT_EQ(sender_.protect_rtp(out, 12, out.size() + 1, {}), 0u) << "written beyond the end";
  EXPECT_EQ(sender_.protect_rtp(out, 12, 12, payload), out.size());
}

TEST_P(Srtp, MediaComesFromFewSources) {
  for (std::uint32_t ssrc = 1; ssrc <= SrtpSender::kMaxSources; ++ssrc) {
    EXPECT_FALSE(protect(rtp(1, ssrc)).empty());
  }
  EXPECT_TRUE(protect(rtp(1, 99)).empty());
  EXPECT_FALSE(protect(rtp(2, 3)).empty());
}

TEST_P(Srtp, MediaAndControlTakeTurns) {
  for (std::uint16_t i = 0; i < 10; ++i) {
    Packet media = protect(rtp(i));
    Packet control = protect_control(rtcp());
    EXPECT_TRUE(receiver_.unprotect_rtp(media));
    EXPECT_TRUE(receiver_.unprotect_rtcp(control));
  }
}

TEST_P(Srtp, ControlInClearIsRefused) {
  Packet packet = protect_control(rtcp());
  packet[srtcp_index_at(GetParam(), packet.size())] &= 0x7F;
  const auto size = receiver_.unprotect_rtcp(packet);
  ASSERT_FALSE(size);
  EXPECT_EQ(size.error(), SrtpError::malformed);
}

TEST_P(Srtp, AReplayThatIsOlderThanTheWindowIsRefused) {
  const Packet first = protect(rtp(1));
  for (std::uint16_t i = 2; i < 2 * SrtpReceiver::kRtpWindow; ++i) {
    Packet packet = protect(rtp(i));
    ASSERT_TRUE(receiver_.unprotect_rtp(packet));
  }
  Packet copy = first;
  const auto size = receiver_.unprotect_rtp(copy);
  ASSERT_FALSE(size);
  EXPECT_EQ(size.error(), SrtpError::replayed);
}

TEST_P(Srtp, ShortAndAlienPacketsAreRefusedWithoutHarm) {
  porthole::test::SeededRandom random(7);
  for (std::size_t size = 0; size < 80; ++size) {
    for (const std::uint8_t first : Packet{0x80, 0x8F, 0x90, 0xB0, 0x40, 0xFF}) {
      Packet junk(size);
      random.fill(junk);
      if (size > 0) junk[0] = first;
      Packet copy = junk;
      EXPECT_FALSE(receiver_.unprotect_rtp(copy));
      EXPECT_FALSE(receiver_.unprotect_rtcp(junk));
    }
  }
  Packet media = protect(rtp(1));
  for (std::size_t size = 0; size < media.size(); ++size) {
    Packet cut(media.begin(), media.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_FALSE(receiver_.unprotect_rtp(cut));
  }
  EXPECT_TRUE(receiver_.unprotect_rtp(media));
}

TEST_P(Srtp, AViewerMayUseOnlyAFewSources) {
  for (std::uint32_t ssrc = 1; ssrc <= SrtpReceiver::kMaxSources; ++ssrc) {
    Packet packet = protect_control(rtcp(ssrc));
    ASSERT_TRUE(receiver_.unprotect_rtcp(packet));
  }
  Packet one_more = protect_control(rtcp(99));
  const auto refused = receiver_.unprotect_rtcp(one_more);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error(), SrtpError::too_many_sources);
  Packet known = protect_control(rtcp(3));
  EXPECT_TRUE(receiver_.unprotect_rtcp(known));
}

TEST_P(Srtp, ForgedSourcesTakeNobodysPlace) {
  for (std::uint32_t ssrc = 1; ssrc <= 100; ++ssrc) {
    Packet forged(60, 0xEE);
    forged[0] = 0x80;
    forged[1] = 201;
    store_u32(&forged[4], ssrc);
    EXPECT_FALSE(receiver_.unprotect_rtcp(forged));
  }
  Packet genuine = protect_control(rtcp());
  EXPECT_TRUE(receiver_.unprotect_rtcp(genuine));
}

}  // namespace
}  // namespace porthole::crypto
