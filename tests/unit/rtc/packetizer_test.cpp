#include "rtc/packetizer.hpp"

#include <gtest/gtest.h>

#include <numeric>

#include "support/seeded_random.hpp"
#include "unit/rtc/frames.hpp"

namespace porthole::rtc {
namespace {

using test::Buffer;
using test::h264_frame;
using test::nal;
using Units = std::vector<Buffer>;

constexpr std::uint8_t kSlice = 0x41;
constexpr std::uint8_t kIdr = 0x65;
constexpr std::uint8_t kSei = 0x06;
constexpr std::uint8_t kSps = 0x67;
constexpr std::uint8_t kPps = 0x68;
constexpr std::uint8_t kDelimiter = 0x09;
constexpr std::uint8_t kFiller = 0x0c;

class H264Packets : public testing::Test {
 protected:
  FramePtr send(const Units& units) {
    FramePtr frame = packetizer_.packetize(h264_frame(units, 40ms));
    if (frame) check(*frame);
    return frame;
  }
  // What is true of every frame.
  static void check(const PacketizedFrame& frame) {
    std::size_t offset = 0;
    for (const auto& payload : frame.payloads) {
      EXPECT_EQ(payload.offset, offset) << "payloads are contiguous";
      EXPECT_GT(payload.size, 0);
      EXPECT_LE(payload.size, kMaxPayload);
      offset += payload.size;
    }
    EXPECT_EQ(offset, frame.bytes.size());
  }

  test::SeededRandom random_;
  H264Packetizer packetizer_;
};

TEST_F(H264Packets, ASmallSliceIsOnePacketAsItIs) {
  const Buffer slice = nal(kSlice, kMaxPayload, random_);
  const FramePtr frame = send({slice});
  ASSERT_EQ(frame->payloads.size(), 1U);
  EXPECT_EQ(frame->bytes, slice);
  EXPECT_FALSE(frame->keyframe);
  EXPECT_EQ(frame->pts, 40ms);
  EXPECT_EQ(frame->codec, VideoCodec::h264);
}

TEST_F(H264Packets, ASliceOneByteTooLargeIsTwoEqualFragments) {
  const Buffer slice = nal(kSlice, kMaxPayload + 1, random_);
  const FramePtr frame = send({slice});
  ASSERT_EQ(frame->payloads.size(), 2U);
  EXPECT_EQ(frame->payloads[0].size, frame->payloads[1].size);
  EXPECT_EQ(test::depacketize_h264(*frame), Units{slice});
}

TEST_F(H264Packets, AnySliceComesBackAndLeavesAsOneRun) {
  const auto check_size = [&](std::size_t size) {
    const auto header = static_cast<std::uint8_t>((random_.u32() & 0x60) | 1);
    const Buffer slice = nal(header, size, random_);
    const FramePtr frame = send({slice});
    ASSERT_TRUE(frame);
    const auto sizes = test::sizes_of(*frame);
    EXPECT_TRUE(std::all_of(sizes.begin(), sizes.end() - 1, [&](auto s) { return s == sizes[0]; })) << size;
    EXPECT_LE(sizes.back(), sizes[0]);
    EXPECT_EQ(test::count_runs(sizes), 1U) << size;
    EXPECT_EQ(test::depacketize_h264(*frame), Units{slice}) << size;
  };
  for (std::size_t size = 1; size < 3 * kMaxPayload; size += 7) check_size(size);
  for (int i = 0; i < 50; ++i) check_size(1 + random_.u32() % 200'000);
}

TEST_F(H264Packets, NoMorePacketsThanNeeded) {
  const FramePtr frame = send({nal(kSlice, 1 + 10 * (kMaxPayload - 2), random_)});
  EXPECT_EQ(frame->payloads.size(), 10U);
}

TEST_F(H264Packets, AKeyframeIsTwoRunsWithItsParameterSetsInFront) {
  const Units units{nal(kSps, 25, random_), nal(kPps, 4, random_), nal(kIdr, 30'000, random_)};
  const FramePtr frame = send(units);
  EXPECT_TRUE(frame->keyframe);
  EXPECT_EQ(frame->payload(0)[0], 0x78) << "STAP-A with the highest importance of its units";
  EXPECT_EQ(test::count_runs(test::sizes_of(*frame)), 2U);
  EXPECT_EQ(test::depacketize_h264(*frame), units);
}

TEST_F(H264Packets, AnAggregateCarriesTheForbiddenBitAndTheHighestImportance) {
  const FramePtr frame = send({nal(0x01, 10, random_), nal(0xc1, 10, random_), nal(0x21, 10, random_)});
  ASSERT_EQ(frame->payloads.size(), 1U);
  EXPECT_EQ(frame->bytes[0], 0x80 | 0x40 | 24);
}

TEST_F(H264Packets, AnAggregateIsFilledToTheLimitAndNoFurther) {
  const std::size_t rest = kMaxPayload - 1 - 2 - 100 - 2;
  EXPECT_EQ(send({nal(kSlice, 100, random_), nal(kSlice, rest, random_)})->payloads.size(), 1U);
  EXPECT_EQ(send({nal(kSlice, 100, random_), nal(kSlice, rest + 1, random_)})->payloads.size(), 2U);
}

TEST_F(H264Packets, AFrameOfSeveralLargeSlicesHasARunForEach) {
  Units units;
  for (std::size_t i = 0; i < 4; ++i) units.push_back(nal(kSlice, 3000 + 100 * i, random_));
  const FramePtr frame = send(units);
  EXPECT_EQ(test::count_runs(test::sizes_of(*frame)), 4U);
  EXPECT_EQ(test::depacketize_h264(*frame), units);
}

TEST_F(H264Packets, AnyUnitsComeBackInOrder) {
  for (int i = 0; i < 200; ++i) {
    Units units;
    for (std::uint32_t n = 1 + random_.u32() % 8; n > 0; --n) {
      const std::size_t limit = random_.u32() % 2 == 0 ? 200 : 4000;
      units.push_back(nal(random_.u32() % 4 == 0 ? kSei : kSlice, 1 + random_.u32() % limit, random_));
    }
    units.push_back(nal(kSlice, 10, random_));
    const FramePtr frame = send(units);
    ASSERT_TRUE(frame);
    EXPECT_EQ(test::depacketize_h264(*frame), units);
  }
}

TEST_F(H264Packets, DelimitersAndFillerStayBehind) {
  const Buffer slice = nal(kSlice, 50, random_);
  const FramePtr frame =
      send({{kDelimiter, 0xf0}, slice, nal(kFiller, 900, random_), {0x0a}, {0x0b}, {0x1e, 1}, {0x80, 1}});
  EXPECT_EQ(test::depacketize_h264(*frame), Units{slice});
}

TEST_F(H264Packets, WhatShowsNothingIsNoFrame) {
  EXPECT_FALSE(send({}));
  EXPECT_FALSE(send({nal(kSei, 50, random_)}));
  EXPECT_FALSE(send({{kDelimiter, 0xf0}, nal(kFiller, 50, random_)}));
  EXPECT_FALSE(packetizer_.packetize({VideoCodec::h264, true, {}, Buffer(100, 0x65)}));
  EXPECT_FALSE(packetizer_.packetize({VideoCodec::h264, true, {}, Buffer(kMaxFrameBytes + 1, 1)}));
}

TEST_F(H264Packets, AKeyframeWithoutParameterSetsGetsTheLastOnesSeen) {
  const Buffer sps = nal(kSps, 20, random_);
  const Buffer old_pps = nal(kPps, 5, random_);
  const Buffer pps = nal(kPps, 6, random_);
  const Buffer second_pps = nal(kPps, 7, random_);
  const Buffer idr = nal(kIdr, 50, random_);
  EXPECT_EQ(test::depacketize_h264(*send({idr})), Units{idr}) << "none are known yet";
  send({sps, old_pps, idr});
  EXPECT_FALSE(send({pps, second_pps})) << "remembered, although there is no picture";
  EXPECT_EQ(test::depacketize_h264(*send({idr})), (Units{sps, pps, second_pps, idr}));
  const Buffer slice = nal(kSlice, 50, random_);
  EXPECT_EQ(test::depacketize_h264(*send({slice})), Units{slice}) << "other frames are left alone";
}

TEST_F(H264Packets, ParameterSetsComeFirstInAKeyframe) {
  const Buffer sps = nal(kSps, 20, random_);
  const Buffer pps = nal(kPps, 5, random_);
  const Buffer sei = nal(kSei, 30, random_);
  const Buffer idr = nal(kIdr, 5000, random_);
  const FramePtr frame = send({{kDelimiter, 0x10}, sei, pps, sps, idr});
  EXPECT_EQ(test::depacketize_h264(*frame), (Units{sps, pps, sei, idr}));
  EXPECT_EQ(test::count_runs(test::sizes_of(*frame)), 2U) << "one aggregate in front of the fragments";
}

TEST_F(H264Packets, OnlyAnIdrMakesAKeyframe) {
  EncodedFrame frame = h264_frame({nal(kSlice, 50, random_)});
  frame.keyframe = true;
  EXPECT_FALSE(packetizer_.packetize(frame)->keyframe);
  frame = h264_frame({nal(kIdr, 50, random_)});
  frame.keyframe = false;
  EXPECT_TRUE(packetizer_.packetize(frame)->keyframe);
}

TEST_F(H264Packets, SurvivesAnyBytes) {
  for (int i = 0; i < 2000; ++i) {
    EncodedFrame frame{VideoCodec::h264, false, {}, Buffer(random_.u32() % 3000)};
    random_.fill(frame.bytes);
    for (std::uint8_t& byte : frame.bytes) {
      if (byte < 200) byte &= 3;
    }
    if (const FramePtr sent = packetizer_.packetize(frame)) {
      check(*sent);
      EXPECT_TRUE(test::depacketize_h264(*sent));
    }
  }
}

TEST(PacketBudget, ARetransmittedPacketFitsThroughAnIpv6Relay) {
  EXPECT_EQ(kMaxPayload, 1114U);
  // RFC 8656 section 11.4 and RFC 8489 section 14: attributes are padded to a multiple of 4.
  for (std::size_t srtp = 1; srtp <= kMaxRtpPacket + kMaxSrtpTrailer; ++srtp) {
    EXPECT_LE(kMaxRelayOverhead + (srtp + 3) / 4 * 4, 1200U);
  }
}

class Vp8Packets : public testing::Test {
 protected:
  FramePtr send(const Buffer& bytes) { return packetizer_.packetize({VideoCodec::vp8, false, 7ms, bytes}); }
  static std::uint16_t picture_id(const PacketizedFrame& frame, std::size_t index) {
    return load_u16(&frame.payload(index)[2]) & 0x7fff;
  }

  test::SeededRandom random_;
  Vp8Packetizer packetizer_{0x7ffe};
};

TEST_F(Vp8Packets, AnyFrameComesBackAndLeavesAsOneRun) {
  std::uint16_t expected_id = 0x7ffe;
  for (int i = 0; i < 200; ++i) {
    const Buffer bytes = test::noise(1 + random_.u32() % (i < 170 ? 4000 : 200'000), random_);
    const FramePtr frame = send(bytes);
    ASSERT_TRUE(frame);
    EXPECT_EQ(test::count_runs(test::sizes_of(*frame)), 1U);
    Buffer back;
    for (std::size_t k = 0; k < frame->payloads.size(); ++k) {
      const Bytes payload = frame->payload(k);
      EXPECT_LE(payload.size(), kMaxPayload);
      EXPECT_EQ(payload[0], k == 0 ? 0x90 : 0x80) << "X, and S on the first only";
      EXPECT_EQ(payload[1], 0x80) << "I alone";
      EXPECT_EQ(payload[2] & 0x80, 0x80) << "M: 15 bits";
      EXPECT_EQ(picture_id(*frame, k), expected_id);
      back.insert(back.end(), payload.begin() + 4, payload.end());
    }
    EXPECT_EQ(back, bytes);
    expected_id = (expected_id + 1) & 0x7fff;
  }
}

TEST_F(Vp8Packets, TheFrameItselfSaysWhetherItIsAKeyframe) {
  EXPECT_TRUE(send({0x10, 1, 2})->keyframe);
  EXPECT_FALSE(send({0x11, 1, 2})->keyframe);
  EXPECT_EQ(send({0x11})->codec, VideoCodec::vp8);
  EXPECT_EQ(send({0x11})->pts, 7ms);
}

TEST_F(Vp8Packets, WhatIsEmptyOrTooLargeIsNoFrameAndTakesNoPictureId) {
  EXPECT_FALSE(send({}));
  EXPECT_FALSE(send(Buffer(kMaxFrameBytes + 1)));
  EXPECT_EQ(picture_id(*send({0x10}), 0), 0x7ffe);
  EXPECT_TRUE(send(Buffer(kMaxFrameBytes)));
}

}  // namespace
}  // namespace porthole::rtc
