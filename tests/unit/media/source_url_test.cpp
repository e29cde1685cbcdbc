#include "media/source_url.hpp"

#include <gtest/gtest.h>

#include "media/ffmpeg_ptr.hpp"

namespace porthole::media {
namespace {

using Kind = SourceUrl::Kind;

TEST(SourceUrl, TellsKindsApart) {
  EXPECT_EQ(SourceUrl::parse("test-pattern:").kind, Kind::test_pattern);
  EXPECT_EQ(SourceUrl::parse("film.mp4").kind, Kind::file);
  EXPECT_EQ(SourceUrl::parse("file:///tmp/film.mp4").target, "/tmp/film.mp4");
  EXPECT_EQ(SourceUrl::parse("rtsp://host/x").kind, Kind::live);
  EXPECT_EQ(SourceUrl::parse("srt://host:9000").kind, Kind::live);
  EXPECT_EQ(SourceUrl::parse("https://host/film.mp4").kind, Kind::remote);
  EXPECT_EQ(SourceUrl::parse("/dev/video2").kind, Kind::camera);
}

TEST(SourceUrl, CameraTakesOptions) {
  const SourceUrl url = SourceUrl::parse("v4l2:/dev/video0?video_size=1920x1080&framerate=60");
  EXPECT_EQ(url.kind, Kind::camera);
  EXPECT_EQ(url.target, "/dev/video0");
  EXPECT_EQ(url.options.at("video_size"), "1920x1080");
  EXPECT_EQ(url.options.at("framerate"), "60");
}

TEST(SourceUrl, NeverShowsAPassword) {
  EXPECT_EQ(SourceUrl::parse("rtsp://me:p@ss@host:554/a").display(), "rtsp://me:***@host:554/a");
  EXPECT_EQ(SourceUrl::parse("srt://host:9000?passphrase=open&mode=caller").display(),
            "srt://host:9000?passphrase=***&mode=caller");
  EXPECT_EQ(SourceUrl::parse("rtsp://host:554/a@b").display(), "rtsp://host:554/a@b");
  EXPECT_EQ(SourceUrl::parse("rtsp://me:pw@host/").redact("401 for rtsp://me:pw@host/"),
            "401 for rtsp://me:***@host/");
}

TEST(SourceUrl, ErrorsSayWhatToDo) {
  EXPECT_EQ(open_error(SourceUrl::parse("a.mp4"), AVERROR(ENOENT)),
            "cannot open a.mp4: No such file or directory; check the path");
  EXPECT_EQ(open_error(SourceUrl::parse("/dev/video0"), AVERROR(EBUSY)),
            "cannot open /dev/video0: Device or resource busy; close the program that uses the camera");
  EXPECT_EQ(
      open_error(SourceUrl::parse("a.mp4"), AVERROR_INVALIDDATA, "moov atom not found"),
      "cannot open a.mp4: Invalid data found when processing input (moov atom not found); this is no video "
      "file that FFmpeg knows; try to play it with ffplay");
}

}  // namespace
}  // namespace porthole::media
