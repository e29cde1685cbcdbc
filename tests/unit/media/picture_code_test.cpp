#include "media/picture_code.hpp"

#include <gtest/gtest.h>

#include "media/decoder.hpp"
#include "media/encoder.hpp"
#include "media/scaler.hpp"
#include "media/test_picture.hpp"

namespace porthole::media {
namespace {

constexpr std::uint64_t kTime = 1'766'412'345'678;

LumaPlane luma_of(const AVFrame& frame) {
  return {frame.data[0], frame.linesize[0], frame.width, frame.height};
}

TEST(PictureCode, IsReadBackFromTheDrawnPicture) {
  TestPicture picture;
  for (const PictureCode& code : {PictureCode{0, kTime}, {1, kTime + 33}, {0xffffffff, 0xffffffffffff}}) {
    EXPECT_EQ(read_picture_code(luma_of(picture.draw(code))), code);
  }
}

TEST(PictureCode, SurvivesCompressionAtTheBroadcastsBitrate) {
  TestPicture picture;
  auto encoder = VideoEncoder::h264({kPatternWidth, kPatternHeight, {30, 1}, 2'500'000});
  auto decoder = Decoder::open_h264();
  ASSERT_TRUE(encoder.ok() && decoder.ok());
  std::uint32_t read = 0;
  for (std::uint32_t number = 0; number < 70; ++number) {
    const PictureCode code{number, kTime + number * 33};
    const auto frame = encoder->encode(picture.draw(code), Duration(number), false);
    ASSERT_TRUE(frame);
    decoder->decode(Bytes(frame->bytes), [&](const AVFrame& decoded) {
      EXPECT_EQ(read_picture_code(luma_of(decoded)), code);
      ++read;
    });
  }
  EXPECT_EQ(read, 70U);
}

TEST(PictureCode, SurvivesScalingAndAStarvedVp8Encoder) {
  TestPicture picture;
  Scaler scaler;
  auto encoder = VideoEncoder::vp8({640, 360, {30, 1}, 300'000});
  ASSERT_TRUE(encoder.ok());
  const CodecPtr decoder = owned<CodecPtr>(avcodec_alloc_context3(avcodec_find_decoder(AV_CODEC_ID_VP8)));
  ASSERT_EQ(avcodec_open2(decoder.get(), nullptr, nullptr), 0);
  const PacketPtr packet = make_packet();
  const FramePtr decoded = make_frame();
  for (std::uint32_t number = 0; number < 30; ++number) {
    const PictureCode code{number, kTime + number * 33};
    const auto frame =
        encoder->encode(*scaler.scale(picture.draw(code), {640, 360}), Duration(number), false);
    ASSERT_TRUE(frame);
    ASSERT_EQ(av_new_packet(packet.get(), static_cast<int>(frame->bytes.size())), 0);
    std::ranges::copy(frame->bytes, packet->data);
    ASSERT_EQ(avcodec_send_packet(decoder.get(), packet.get()), 0);
    ASSERT_EQ(avcodec_receive_frame(decoder.get(), decoded.get()), 0);
    EXPECT_EQ(read_picture_code(luma_of(*decoded)), code);
    av_packet_unref(packet.get());
  }
}

TEST(PictureCode, IsNotFoundWhereACellIsWrongOrNoCodeIs) {
  TestPicture picture;
  const AVFrame& frame = picture.draw({7, kTime});
  constexpr int kCellInTheTime = kCodeFirstColumn + 50;
  for (int y = 0; y < 16; ++y) {
    std::uint8_t* row = frame.data[0] + y * frame.linesize[0] + kCellInTheTime * 16;
    for (int x = 0; x < 16; ++x) row[x] = row[x] > 128 ? 16 : 235;
  }
  EXPECT_EQ(read_picture_code(luma_of(frame)), std::nullopt);

  const std::vector<std::uint8_t> grey(1280 * 720, 128);
  EXPECT_EQ(read_picture_code({grey.data(), 1280, 1280, 720}), std::nullopt);
  EXPECT_EQ(read_picture_code({grey.data(), 1280, 80, 45}), std::nullopt);
}

// The layout that the header promises to other readers, cell by cell.
TEST(PictureCode, CellsStandAsDocumented) {
  const CodeCells cells = picture_code_cells({0x80000001, 0x0102030405FF});
  std::vector<unsigned> bytes(16);
  for (std::size_t i = 0; i < cells.size(); ++i) bytes[i / 8] = (bytes[i / 8] << 1) | (cells[i] ? 1U : 0U);
  unsigned hash = 0x811c9dc5;
  for (std::size_t i = 0; i < 12; ++i) hash = (hash ^ bytes[i]) * 0x01000193U;
  const std::vector<unsigned> expected{
      0xB2,       0x4D, 0x80, 0, 0, 1, 1, 2, 3, 4, 5, 0xFF, hash >> 24, hash >> 16 & 0xff, hash >> 8 & 0xff,
      hash & 0xff};
  EXPECT_EQ(bytes, expected);
}

}  // namespace
}  // namespace porthole::media
