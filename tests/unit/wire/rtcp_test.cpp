#include "wire/rtcp.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

#include "support/seeded_random.hpp"

namespace porthole::rtcp {
namespace {

using testing::ElementsAre;

// A compound under construction, with room for everything that these tests write.
struct Draft {
  std::array<std::uint8_t, 1500> space{};
  ByteWriter writer{space};
};

std::vector<std::uint16_t> lost_of(const Packet& packet) {
  std::vector<std::uint16_t> lost;
  const auto feedback = read_feedback(packet);
  if (feedback) for_each_lost(feedback->control, [&](std::uint16_t sequence) { lost.push_back(sequence); });
  return lost;
}

// Reads everything that can be read, as a test of memory safety.
std::size_t read_all(Bytes datagram) {
  auto compound = parse(datagram);
  if (!compound) return 0;
  std::size_t things = 0;
  while (const auto packet = compound->next()) {
    ++things;
    if (const auto report = read_report(*packet)) {
      for (std::size_t i = 0; i < report->size(); ++i) things += (*report)[i].ssrc & 1;
    }
    if (const auto feedback = read_feedback(*packet)) {
      for_each_lost(feedback->control, [&](std::uint16_t) { ++things; });
      for_each_intra_request(feedback->control, [&](std::uint32_t, std::uint8_t) { ++things; });
    }
    for_each_leaving(*packet, [&](std::uint32_t) { ++things; });
  }
  return things;
}

TEST(Rtcp, ReadsTheSenderReportThatItWrites) {
  Draft draft;
  write_sender_report(draft.writer, 7, {0x0123456789abcdef, 90'000, 11, 1234});
  ASSERT_EQ(draft.writer.size(), 28U);
  auto compound = parse(draft.writer.written());
  ASSERT_TRUE(compound);
  const auto report = read_report(compound->next().value());
  ASSERT_TRUE(report);
  EXPECT_EQ(report->sender(), 7U);
  ASSERT_TRUE(report->info());
  EXPECT_EQ(report->info()->ntp, 0x0123456789abcdefU);
  EXPECT_EQ(report->info()->rtp_timestamp, 90'000U);
  EXPECT_EQ(report->info()->packets, 11U);
  EXPECT_EQ(report->info()->octets, 1234U);
  EXPECT_EQ(report->size(), 0U);
  EXPECT_FALSE(compound->next());
}

TEST(Rtcp, ReadsTheReceiverReportThatItWrites) {
  const std::array<ReportBlock, 2> blocks{
      {{1, 128, -3, 70'000, 900, 0xaabbccdd, 65'536}, {2, 0, 0x7fffff, 5, 0, 0, 0}}};
  Draft draft;
  write_receiver_report(draft.writer, 99, blocks);
  auto compound = parse(draft.writer.written());
  ASSERT_TRUE(compound);
  const auto report = read_report(compound->next().value());
  ASSERT_TRUE(report);
  EXPECT_EQ(report->sender(), 99U);
  EXPECT_FALSE(report->info());
  ASSERT_EQ(report->size(), 2U);
  EXPECT_EQ((*report)[0].ssrc, 1U);
  EXPECT_EQ((*report)[0].fraction_lost, 128);
  EXPECT_EQ((*report)[0].cumulative_lost, -3);
  EXPECT_EQ((*report)[0].highest_sequence, 70'000U);
  EXPECT_EQ((*report)[0].jitter, 900U);
  EXPECT_EQ((*report)[0].last_sr, 0xaabbccddU);
  EXPECT_EQ((*report)[0].delay_since_last_sr, 65'536U);
  EXPECT_EQ((*report)[1].cumulative_lost, 0x7fffff);
}

TEST(Rtcp, NamesTheSourceInItemsThatEndAtAWord) {
  for (std::size_t length = 0; length < 9; ++length) {
    Draft draft;
    const std::string cname(length, 'c');
    write_source_description(draft.writer, 5, cname);
    EXPECT_EQ(draft.writer.size() % 4, 0U);
    auto compound = parse(draft.writer.written());
    ASSERT_TRUE(compound);
    const Packet packet = compound->next().value();
    EXPECT_EQ(packet.type, kSourceDescription);
    EXPECT_EQ(packet.count, 1);
    ASSERT_GE(packet.body.size(), 7 + length);
    EXPECT_EQ(load_u32(packet.body.data()), 5U);
    EXPECT_EQ(packet.body[4], 1);
    EXPECT_EQ(packet.body[5], length);
    EXPECT_EQ(as_text(packet.body.subspan(6, length)), cname);
    EXPECT_EQ(packet.body.back(), 0) << "a list of items ends with a zero";
  }
}

TEST(Rtcp, CutsALongNameOff) {
  Draft draft;
  write_source_description(draft.writer, 5, std::string(1000, 'c'));
  ASSERT_TRUE(draft.writer.ok());
  EXPECT_TRUE(parse(draft.writer.written()));
}

TEST(Rtcp, PacksLossesAndFindsThemAgain) {
  const std::vector<std::uint16_t> lost{10, 11, 26, 27, 100, 65'535, 0, 15};
  Draft draft;
  write_nack(draft.writer, 1, 2, lost);
  // 10 reaches to 26, 27 stands alone, so does 100, and 65,535 reaches over the wrap to 15.
  EXPECT_EQ(draft.writer.size(), 12U + 4 * 4);
  auto compound = parse(draft.writer.written());
  ASSERT_TRUE(compound);
  const Packet packet = compound->next().value();
  EXPECT_EQ(packet.count, kGenericNack);
  EXPECT_EQ(read_feedback(packet)->media, 2U);
  EXPECT_EQ(lost_of(packet), lost);
}

TEST(Rtcp, ExpandsAFullBitmaskToSeventeenLosses) {
  const std::array<std::uint8_t, 4> control{0xff, 0xff, 0xff, 0xff};
  std::vector<std::uint16_t> lost;
  for_each_lost(control, [&](std::uint16_t sequence) { lost.push_back(sequence); });
  ASSERT_EQ(lost.size(), 17U);
  EXPECT_EQ(lost.front(), 65'535);
  EXPECT_EQ(lost[1], 0);
  EXPECT_EQ(lost.back(), 15);
}

TEST(Rtcp, CarriesKeyframeRequestsAndGoodbye) {
  Draft draft;
  write_picture_loss(draft.writer, 1, 2);
  write_intra_request(draft.writer, 1, 2, 200);
  write_goodbye(draft.writer, 1);
  auto compound = parse(draft.writer.written());
  ASSERT_TRUE(compound);

  const Packet loss = compound->next().value();
  EXPECT_EQ(loss.type, kPayloadFeedback);
  EXPECT_EQ(loss.count, kPictureLossIndication);
  EXPECT_EQ(read_feedback(loss)->media, 2U);

  const Packet intra = compound->next().value();
  EXPECT_EQ(intra.count, kFullIntraRequest);
  std::vector<std::uint32_t> entries;
  for_each_intra_request(read_feedback(intra)->control, [&](std::uint32_t ssrc, std::uint8_t number) {
    entries.insert(entries.end(), {ssrc, number});
  });
  EXPECT_THAT(entries, ElementsAre(2U, 200U));

  const Packet goodbye = compound->next().value();
  EXPECT_EQ(goodbye.type, kGoodbye);
  std::vector<std::uint32_t> leaving;
  for_each_leaving(goodbye, [&](std::uint32_t ssrc) { leaving.push_back(ssrc); });
  EXPECT_THAT(leaving, ElementsAre(1U));
}

TEST(Rtcp, RefusesBrokenFraming) {
  using Raw = std::vector<std::uint8_t>;
  EXPECT_EQ(parse({}).error(), ParseError::too_short);
  EXPECT_EQ(parse(Raw{0x80, 201, 0}).error(), ParseError::too_short);
  EXPECT_EQ(parse(Raw{0x40, 201, 0, 0}).error(), ParseError::wrong_version);
  EXPECT_EQ(parse(Raw{0x80, 201, 0, 1}).error(), ParseError::bad_length);
  EXPECT_EQ(parse(Raw{0x80, 201, 0, 0, 0x80}).error(), ParseError::bad_length);
  EXPECT_EQ(parse(Raw{0x80, 201, 0, 0, 0x00, 201, 0, 0}).error(), ParseError::wrong_version);
  // Padding: none counted, not whole words, more than there is, not in the last packet.
  EXPECT_EQ(parse(Raw{0xa0, 201, 0, 1, 0, 0, 0, 0}).error(), ParseError::bad_padding);
  EXPECT_EQ(parse(Raw{0xa0, 201, 0, 1, 0, 0, 0, 3}).error(), ParseError::bad_padding);
  EXPECT_EQ(parse(Raw{0xa0, 201, 0, 1, 0, 0, 0, 8}).error(), ParseError::bad_padding);
  EXPECT_EQ(parse(Raw{0xa0, 201, 0, 1, 0, 0, 0, 4, 0x80, 201, 0, 0}).error(), ParseError::bad_padding);
}

TEST(Rtcp, LeavesPaddingOutOfTheBody) {
  const std::vector<std::uint8_t> bytes{0xa0, 201, 0, 2, 1, 2, 3, 4, 0, 0, 0, 4};
  auto compound = parse(bytes);
  ASSERT_TRUE(compound);
  EXPECT_EQ(compound->next()->body.size(), 4U);
}

TEST(Rtcp, ReportsThatCountMoreBlocksThanTheyHaveAreNone) {
  const std::vector<std::uint8_t> bytes{0x81, 201, 0, 1, 0, 0, 0, 1};
  auto compound = parse(bytes);
  ASSERT_TRUE(compound);
  EXPECT_FALSE(read_report(compound->next().value()));
}

TEST(Rtcp, FeedbackWithoutItsTwoSourcesIsNone) {
  const std::vector<std::uint8_t> bytes{0x81, 205, 0, 1, 0, 0, 0, 1};
  auto compound = parse(bytes);
  ASSERT_TRUE(compound);
  EXPECT_FALSE(read_feedback(compound->next().value()));
}

TEST(Rtcp, SaysSoWhenThereIsNoRoom) {
  std::array<std::uint8_t, 27> space{};
  ByteWriter writer(space);
  write_sender_report(writer, 1, {});
  EXPECT_FALSE(writer.ok());
}

TEST(Rtcp, SurvivesMutatedCompounds) {
  Draft draft;
  const std::array<ReportBlock, 2> blocks{};
  const std::array<std::uint16_t, 4> lost{1, 2, 30, 65'535};
  write_receiver_report(draft.writer, 1, blocks);
  write_source_description(draft.writer, 1, "somebody");
  write_nack(draft.writer, 1, 2, lost);
  write_intra_request(draft.writer, 1, 2, 3);
  write_picture_loss(draft.writer, 1, 2);
  write_goodbye(draft.writer, 1);
  const Bytes good = draft.writer.written();
  ASSERT_GT(read_all(good), 0U);

  test::SeededRandom random;
  for (int i = 0; i < 50'000; ++i) {
    // On the heap and no longer than it is, so that the sanitizer sees a read beyond its end.
    std::vector<std::uint8_t> bytes(good.begin(), good.end());
    for (std::uint32_t n = random.u32() % 4; n > 0; --n) {
      bytes[random.u32() % bytes.size()] = static_cast<std::uint8_t>(random.u32());
    }
    if (random.u32() % 2 == 0) bytes.resize(random.u32() % (bytes.size() + 1));
    bytes.shrink_to_fit();
    EXPECT_LE(read_all(bytes), bytes.size() * 17);
  }
}

}  // namespace
}  // namespace porthole::rtcp
