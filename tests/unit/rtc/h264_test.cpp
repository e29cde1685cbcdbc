#include "rtc/h264.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "support/seeded_random.hpp"
#include "unit/rtc/frames.hpp"

namespace porthole::rtc::h264 {
namespace {

using test::Buffer;

std::vector<Buffer> units_of(Bytes stream) {
  std::vector<Buffer> units;
  NalReader reader(stream);
  while (const auto nal = reader.next()) units.emplace_back(nal->begin(), nal->end());
  return units;
}

TEST(H264, FindsUnitsBehindBothKindsOfStartCode) {
  EXPECT_EQ(units_of(Buffer{0, 0, 0, 1, 0x67, 1, 2, 0, 0, 1, 0x68, 3, 0, 0, 0, 1, 0x65, 4}),
            (std::vector<Buffer>{{0x67, 1, 2}, {0x68, 3}, {0x65, 4}}));
}

TEST(H264, IgnoresWhatIsNoUnit) {
  EXPECT_TRUE(units_of({}).empty());
  EXPECT_TRUE(units_of(Buffer{0, 0, 1}).empty());
  EXPECT_TRUE(units_of(Buffer{0, 0, 1, 0, 0, 1, 0, 0, 0, 1}).empty());
  EXPECT_TRUE(units_of(Buffer{1, 2, 3, 4, 5}).empty());
  EXPECT_EQ(units_of(Buffer{9, 9, 0, 0, 1, 0x41}), (std::vector<Buffer>{{0x41}}));
  EXPECT_EQ(units_of(Buffer{0, 0, 1, 0x41, 5, 0, 0, 0, 0, 0, 1, 0x42, 0, 0}),
            (std::vector<Buffer>{{0x41, 5}, {0x42}}));
}

TEST(H264, KeepsOnesAndZerosThatAreNoStartCode) {
  const Buffer unit{0x41, 1, 0, 1, 0, 0, 3, 1, 0, 0, 2, 1};
  EXPECT_EQ(units_of(test::annex_b({unit, unit})), (std::vector<Buffer>{unit, unit}));
}

TEST(H264, FindsTheSameUnitsThatWereJoined) {
  test::SeededRandom random;
  for (int i = 0; i < 500; ++i) {
    std::vector<Buffer> units;
    for (std::uint32_t n = 1 + random.u32() % 6; n > 0; --n) {
      units.push_back(test::nal(0x41, 1 + random.u32() % 50, random));
    }
    EXPECT_EQ(units_of(test::annex_b(units)), units);
  }
}

TEST(H264, KnowsWhereADecoderCanStart) {
  EXPECT_TRUE(contains_idr(test::annex_b({{0x67, 66}, {0x68, 1}, {0x65, 1}})));
  EXPECT_TRUE(contains_idr(test::annex_b({{0x25, 1}})));
  EXPECT_FALSE(contains_idr(test::annex_b({{0x67, 66}, {0x68, 1}, {0x41, 1}})));
  EXPECT_FALSE(contains_idr({}));
}

TEST(H264, ReadsProfileAndLevelFromTheParameterSet) {
  EXPECT_EQ(profile_level_id(test::annex_b({{0x67, 0x42, 0xe0, 0x1f, 9}, {0x65, 1}})), "42e01f");
  EXPECT_EQ(profile_level_id(test::annex_b({{0x09, 0x10}, {0x27, 0x64, 0x00, 0x0a}})), "64000a");
  EXPECT_FALSE(profile_level_id(test::annex_b({{0x67, 0x42, 0xe0}})));
  EXPECT_FALSE(profile_level_id(test::annex_b({{0x65, 0x42, 0xe0, 0x1f}})));
}

}  // namespace
}  // namespace porthole::rtc::h264
