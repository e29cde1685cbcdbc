#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <iterator>
#include <thread>

#include "media/h264_bitstream.hpp"
#include "media/source.hpp"
#include "unit/media/collecting_sink.hpp"
#include "unit/media/video_file.hpp"

namespace porthole::media {
namespace {

using test::CollectingSink;
using test::VideoFile;
using testing::HasSubstr;

constexpr auto kH264 = VideoCodec::h264;

using Nal = std::vector<std::uint8_t>;

// The slices, which must come through untouched; parameter sets may be repeated.
void append_slices(Bytes annex_b, std::vector<Nal>& slices) {
  NalReader reader(annex_b);
  while (const auto nal = reader.next()) {
    const NalType type = nal_type(*nal);
    if (type == NalType::slice || type == NalType::idr_slice) slices.emplace_back(nal->begin(), nal->end());
  }
}

std::vector<Nal> slices_of_bare_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const Nal bytes{std::istreambuf_iterator<char>(file), {}};
  std::vector<Nal> slices;
  append_slices(bytes, slices);
  return slices;
}

// A loopback port that accepts connections and never says a word.
class MutePort {
 public:
  MutePort() : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (bind(socket_, generic, size) != 0 || listen(socket_, 8) != 0) return;
    if (getsockname(socket_, generic, &size) == 0) port_ = ntohs(address.sin_port);
  }
  MutePort(const MutePort&) = delete;
  MutePort& operator=(const MutePort&) = delete;
  ~MutePort() { close(socket_); }

  std::string url() const { return "rtsp://viewer:secret@127.0.0.1:" + std::to_string(port_) + "/camera"; }

 private:
  int socket_;
  int port_ = 0;
};

TEST(FileSource, PassesH264ThroughByteForByte) {
  const VideoFile film("film.mp4", 20, test::kWithoutBFrames);
  const std::string bare = film.path() + ".h264";
  ASSERT_EQ(std::system(("ffmpeg -v error -nostdin -i " + film.path() + " -c copy " + bare).c_str()), 0);
  CollectingSink sink;
  const auto source = open_source(film.path(), sink, {.name = "film"});
  ASSERT_TRUE(source.ok()) << source.error();
  ASSERT_TRUE(sink.wait_for_frames(kH264, 20));
  EXPECT_THAT(sink.status().detail, HasSubstr("320x180 at 30 frames/s, H.264 passed through"));

  std::vector<Nal> delivered;
  const auto frames = sink.frames(kH264);
  for (std::size_t i = 0; i < 20; ++i) {
    append_slices(frames[i]->bytes, delivered);
    const AccessUnit unit = inspect(frames[i]->bytes);
    EXPECT_EQ(unit.idr, i % 10 == 0);
    EXPECT_EQ(frames[i]->keyframe, unit.idr);
    EXPECT_EQ(unit.has_sps && unit.has_pps, unit.idr);
  }
  EXPECT_EQ(delivered, slices_of_bare_file(bare));
}

TEST(FileSource, TranscodesWhatHasBFrames) {
  const VideoFile film("film.mp4", 40, test::kWithBFrames);
  CollectingSink sink;
  const auto source = open_source(film.path(), sink, {.name = "film"});
  ASSERT_TRUE(source.ok()) << source.error();
  ASSERT_TRUE(sink.wait_for_frames(kH264, 40));
  EXPECT_THAT(sink.status().detail, HasSubstr("transcoded from h264"));
  const auto frames = sink.frames(kH264);
  for (const auto& frame : frames) EXPECT_FALSE(inspect(frame->bytes).has_b_slice);
  EXPECT_TRUE(frames[0]->keyframe && inspect(frames[0]->bytes).has_sps);
  // Twice 33 ms where a picture is out of order, so this also says that they come in order.
  for (std::size_t i = 1; i < 40; ++i) EXPECT_LT(frames[i]->pts - frames[i - 1]->pts, 40ms) << i;
}

TEST(FileSource, TranscodesOtherCodecsAndOddSizes) {
  const VideoFile film("film.mkv", 15, "-vf scale=321:181 -pix_fmt yuv444p -c:v mjpeg");
  CollectingSink sink;
  const auto source = open_source(film.path(), sink, {.name = "film"});
  ASSERT_TRUE(source.ok()) << source.error();
  ASSERT_TRUE(sink.wait_for_frames(kH264, 15));
  EXPECT_THAT(sink.status().detail, HasSubstr("320x180"));
  EXPECT_THAT(sink.status().detail, HasSubstr("transcoded from mjpeg"));
}

TEST(FileSource, BeginsAgainWithoutAPauseOrAJump) {
  for (const char* const encoding : {test::kWithoutBFrames, test::kWithBFrames}) {
    for (const char* const name : {"film.mp4", "film.mkv", "film.ts", "film.h264"}) {
      const VideoFile film(name, 12, encoding);
      CollectingSink sink;
      const auto source = open_source(film.path(), sink, {.name = "film"});
      ASSERT_TRUE(source.ok()) << source.error();
      ASSERT_TRUE(sink.wait_for_frames(kH264, 2));
      const auto began = std::chrono::steady_clock::now();
      ASSERT_TRUE(sink.wait_for_frames(kH264, 28)) << name;
      EXPECT_LT(std::chrono::steady_clock::now() - began, 2s) << name;
      const auto frames = sink.frames(kH264);
      for (std::size_t i = 1; i < frames.size(); ++i) {
        EXPECT_GT(frames[i]->pts - frames[i - 1]->pts, 15ms) << name << " " << i;
        EXPECT_LT(frames[i]->pts - frames[i - 1]->pts, 51ms) << name << " " << i;
      }
    }
  }
}

TEST(FileSource, MakesVp8FromWhatPassesThrough) {
  // One keyframe in ten seconds: VP8 must not wait for the next one.
  const VideoFile film("film.mp4", 300, "-pix_fmt yuv420p -c:v libx264 -preset ultrafast -bf 0 -g 300");
  CollectingSink sink;
  const auto source = open_source(film.path(), sink, {.name = "film"});
  ASSERT_TRUE(source.ok()) << source.error();
  ASSERT_TRUE(sink.wait_for_frames(kH264, 10));
  (*source)->want_vp8(true);
  ASSERT_TRUE(sink.wait_for_frames(VideoCodec::vp8, 5, 1s));
  const auto vp8 = sink.frames(VideoCodec::vp8);
  EXPECT_TRUE(vp8[0]->keyframe);
  EXPECT_GE(vp8[0]->pts, sink.frames(kH264)[8]->pts);
}

TEST(FileSource, SaysWhatToDoWhenTheFileIsMissing) {
  CollectingSink sink;
  const auto source = open_source("/nowhere/film.mp4", sink, {.name = "film"});
  ASSERT_FALSE(source.ok());
  EXPECT_EQ(source.error(), "film: cannot open /nowhere/film.mp4: No such file or directory; check the path");
}

TEST(FileSource, SaysWhatToDoWhenThereIsNoVideo) {
  CollectingSink sink;
  const VideoFile sound("sound.wav", "-f lavfi -i sine=duration=0.2");
  const auto source = open_source(sound.path(), sink, {.name = "film"});
  ASSERT_FALSE(source.ok());
  EXPECT_THAT(source.error(), HasSubstr("it has no video; choose a source with video"));
}

TEST(NetworkSource, RefusedConnectionIsAnErrorAtOnceWithoutThePassword) {
  std::string url;
  { url = MutePort().url(); }  // Closed again: nobody listens there.
  CollectingSink sink;
  const auto source = open_source(url, sink, {.name = "camera"});
  ASSERT_FALSE(source.ok());
  EXPECT_THAT(source.error(), HasSubstr("camera: cannot open rtsp://viewer:***@127.0.0.1:"));
  EXPECT_THAT(source.error(), HasSubstr("Connection refused; check that the server is up"));
}

TEST(NetworkSource, InTheBackgroundKeepsTryingAndSaysWhy) {
  std::string url;
  { url = MutePort().url(); }
  CollectingSink sink;
  const auto source = open_source(url, sink, {.name = "camera", .start = SourceOptions::Start::background});
  ASSERT_TRUE(source.ok());
  ASSERT_TRUE(sink.wait_for_state(SourceStatus::State::reconnecting));
  EXPECT_THAT(sink.status().detail, HasSubstr("Connection refused"));
  EXPECT_THAT(sink.status().detail, HasSubstr("next attempt in 0.5 s"));
}

TEST(NetworkSource, StopsPromptlyWhileTheServerIsMute) {
  const MutePort port;
  CollectingSink sink;
  auto source = open_source(port.url(), sink, {.name = "camera", .start = SourceOptions::Start::background});
  ASSERT_TRUE(source.ok());
  std::this_thread::sleep_for(300ms);  // It hangs in opening now.
  EXPECT_EQ(sink.status().state, SourceStatus::State::starting);
  const auto began = std::chrono::steady_clock::now();
  std::move(source).value().reset();
  EXPECT_LT(std::chrono::steady_clock::now() - began, 1s);
}

}  // namespace
}  // namespace porthole::media
