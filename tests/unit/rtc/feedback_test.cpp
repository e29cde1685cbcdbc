#include "rtc/feedback.hpp"

#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "support/seeded_random.hpp"

namespace porthole::rtc {
namespace {

constexpr std::uint32_t kOurs = 0x11111111;
constexpr std::uint32_t kOther = 0x22222222;

struct Recorder final : FeedbackSink {
  void on_report(const rtcp::ReportBlock& block) override { jitters.push_back(block.jitter); }
  void on_lost(std::uint16_t sequence) override { lost.push_back(sequence); }
  void on_picture_loss() override { ++picture_losses; }
  void on_intra_request(std::uint8_t command_sequence) override { intra.push_back(command_sequence); }
  void on_goodbye() override { ++goodbyes; }
  std::size_t total() const {
    return jitters.size() + lost.size() + picture_losses + intra.size() + goodbyes;
  }

  std::vector<std::uint32_t> jitters;
  std::vector<std::uint16_t> lost;
  std::size_t picture_losses = 0;
  std::vector<std::uint8_t> intra;
  std::size_t goodbyes = 0;
};

struct Draft {
  std::array<std::uint8_t, 1500> space{};
  ByteWriter writer{space};
};

void write_everything(ByteWriter& writer, std::uint32_t media) {
  std::array<rtcp::ReportBlock, 1> blocks{};
  blocks[0].ssrc = media;
  blocks[0].jitter = 77;
  const std::array<std::uint16_t, 3> lost{5, 6, 900};
  rtcp::write_receiver_report(writer, 1, blocks);
  rtcp::write_source_description(writer, 1, "viewer");
  rtcp::write_nack(writer, 1, media, lost);
  rtcp::write_picture_loss(writer, 1, media);
  rtcp::write_intra_request(writer, 1, media, 42);
}

TEST(Feedback, TellsWhatConcernsTheStream) {
  Draft draft;
  write_everything(draft.writer, kOurs);
  rtcp::write_goodbye(draft.writer, 1);
  Recorder recorder;
  ASSERT_TRUE(read_feedback(draft.writer.written(), kOurs, recorder));
  EXPECT_EQ(recorder.jitters, std::vector<std::uint32_t>{77});
  EXPECT_EQ(recorder.lost, (std::vector<std::uint16_t>{5, 6, 900}));
  EXPECT_EQ(recorder.picture_losses, 1U);
  EXPECT_EQ(recorder.intra, std::vector<std::uint8_t>{42});
  EXPECT_EQ(recorder.goodbyes, 1U);
}

TEST(Feedback, IsSilentOnOtherStreams) {
  Draft draft;
  write_everything(draft.writer, kOther);
  Recorder recorder;
  ASSERT_TRUE(read_feedback(draft.writer.written(), kOurs, recorder));
  EXPECT_EQ(recorder.total(), 0U);
}

TEST(Feedback, ReadsABlockBesideASenderReport) {
  // A peer that also sends media reports inside its sender reports.
  const std::array<std::uint32_t, 12> words{0x81c8000c, 1, 0, 0, 0, 0, 0, kOurs, 0, 0, 33, 0};
  Draft draft;
  for (const std::uint32_t word : words) draft.writer.u32(word);
  draft.writer.u32(0);
  Recorder recorder;
  ASSERT_TRUE(read_feedback(draft.writer.written(), kOurs, recorder));
  EXPECT_EQ(recorder.jitters, std::vector<std::uint32_t>{33});
}

TEST(Feedback, AcceptsReducedSize) {
  Draft draft;
  rtcp::write_picture_loss(draft.writer, 1, kOurs);
  Recorder recorder;
  EXPECT_TRUE(read_feedback(draft.writer.written(), kOurs, recorder));
  EXPECT_EQ(recorder.picture_losses, 1U);
}

TEST(Feedback, PassesOverWhatItDoesNotUse) {
  Draft draft;
  for (const std::uint32_t head : {0x8fcd0003U /* transport-cc */, 0x8fce0003U /* REMB */,
                                   0x80cf0003U /* XR */, 0x80cc0003U /* APP */}) {
    draft.writer.u32(head);
    draft.writer.u32(1);
    draft.writer.u32(kOurs);
    draft.writer.u32(0x52454d42);
  }
  Recorder recorder;
  EXPECT_TRUE(read_feedback(draft.writer.written(), kOurs, recorder));
  EXPECT_EQ(recorder.total(), 0U);
}

TEST(Feedback, OneBadPacketSpoilsTheCompound) {
  Draft draft;
  write_everything(draft.writer, kOurs);
  draft.writer.u32(0x80c90001);
  Recorder recorder;
  EXPECT_FALSE(read_feedback(draft.writer.written(), kOurs, recorder));
  EXPECT_EQ(recorder.total(), 0U);
}

TEST(Feedback, NeverTellsMoreThanItsLengthAllows) {
  Draft draft;
  write_everything(draft.writer, kOurs);
  const Bytes good = draft.writer.written();
  test::SeededRandom random;
  for (int i = 0; i < 30'000; ++i) {
    std::vector<std::uint8_t> bytes(good.begin(), good.end());
    for (std::uint32_t n = 1 + random.u32() % 5; n > 0; --n) {
      bytes[random.u32() % bytes.size()] = static_cast<std::uint8_t>(random.u32());
    }
    if (random.u32() % 2 == 0) bytes.resize(random.u32() % (bytes.size() + 1));
    bytes.shrink_to_fit();
    Recorder recorder;
    read_feedback(bytes, kOurs, recorder);
    EXPECT_LE(recorder.total(), bytes.size() / 4 * 17);
  }
}

}  // namespace
}  // namespace porthole::rtc
