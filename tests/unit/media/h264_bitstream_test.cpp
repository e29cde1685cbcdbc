#include "media/h264_bitstream.hpp"

#include <gtest/gtest.h>

namespace porthole::media {
namespace {

using Octets = std::vector<std::uint8_t>;

// slice header: first_mb_in_slice 0 ("1"), then slice_type: 5 is "00110", 6 is "00111", 0 is "1", 1 is "010".
const Octets kIdr{0, 0, 0, 1, 0x65, 0b10001100, 0x11};
const Octets kSps{0, 0, 0, 1, 0x67, 66, 0xc0, 31, 0x80, 0x22};
const Octets kPps{0, 0, 0, 1, 0x68, 0x80, 0x33};
const Octets kDelimiter{0, 0, 0, 1, 0x09, 0xf0};

Octets join(std::initializer_list<Octets> parts) {
  Octets all;
  for (const Octets& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

std::vector<Octets> nals_of(Bytes annex_b) {
  std::vector<Octets> nals;
  NalReader reader(annex_b);
  while (const auto nal = reader.next()) nals.emplace_back(nal->begin(), nal->end());
  return nals;
}

TEST(NalReader, FindsShortAndLongStartCodesAndDropsPadding) {
  const Octets bytes{0, 0, 1, 0x67, 1, 0, 0, 0, 1, 0x68, 2, 0, 0, 0, 0, 1, 0x65, 0, 3, 0, 0};
  EXPECT_EQ(nals_of(bytes), (std::vector<Octets>{{0x67, 1}, {0x68, 2}, {0x65, 0, 3}}));
}

TEST(NalReader, JunkHoldsNothing) {
  EXPECT_TRUE(nals_of(Octets{}).empty());
  EXPECT_TRUE(nals_of(Octets{0, 0}).empty());
  EXPECT_TRUE(nals_of(Octets{0, 0, 1}).empty());
  EXPECT_TRUE(nals_of(Octets{0, 0, 1, 0, 0, 1, 0, 0}).empty());
  EXPECT_TRUE(nals_of(Octets{1, 2, 3, 4}).empty());
}

TEST(Inspect, TellsBSlicesFromOthers) {
  EXPECT_TRUE(inspect(Octets{0, 0, 1, 0x01, 0b10100000}).has_b_slice);   // slice_type 1
  EXPECT_TRUE(inspect(Octets{0, 0, 1, 0x01, 0b10011100}).has_b_slice);   // slice_type 6
  EXPECT_FALSE(inspect(Octets{0, 0, 1, 0x41, 0b11000000}).has_b_slice);  // slice_type 0
  EXPECT_FALSE(inspect(Octets{0, 0, 1, 0x41, 0b10011000}).has_b_slice);  // slice_type 5
  EXPECT_FALSE(inspect(Octets{0, 0, 1, 0x41}).has_b_slice);
}

TEST(ParameterSets, StandBeforeAnIdrThatLacksThem) {
  ParameterSets sets;
  sets.remember(join({kSps, kPps}));
  Octets out;
  ASSERT_TRUE(sets.complete(kIdr, inspect(kIdr), out));
  EXPECT_EQ(nals_of(out), nals_of(join({kSps, kPps, kIdr})));
}

TEST(ParameterSets, StandAfterTheDelimiter) {
  ParameterSets sets;
  sets.remember(join({kSps, kPps}));
  const Octets unit = join({kDelimiter, kIdr});
  Octets out;
  ASSERT_TRUE(sets.complete(unit, inspect(unit), out));
  EXPECT_EQ(nals_of(out), nals_of(join({kDelimiter, kSps, kPps, kIdr})));
}

TEST(ParameterSets, LeaveACompleteFrameUntouched) {
  ParameterSets sets;
  const Octets unit = join({kSps, kPps, kIdr});
  Octets out;
  ASSERT_TRUE(sets.complete(unit, inspect(unit), out));
  EXPECT_EQ(out, unit);
}

TEST(ParameterSets, NewerSetOfTheSameNumberReplacesTheOlder) {
  ParameterSets sets;
  sets.remember(join({kSps, kPps}));
  Octets newer = kSps;
  newer.back() = 0x44;
  sets.remember(newer);
  Octets out;
  ASSERT_TRUE(sets.complete(kIdr, inspect(kIdr), out));
  EXPECT_EQ(nals_of(out), nals_of(join({newer, kPps, kIdr})));
}

TEST(ParameterSets, WithoutThemNoDecoderCanStart) {
  const ParameterSets none;
  Octets out;
  EXPECT_FALSE(none.complete(kIdr, inspect(kIdr), out));
}

}  // namespace
}  // namespace porthole::media
