// Small video files, made by the ffmpeg program and gone with the test.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>

namespace porthole::media::test {

class VideoFile {
 public:
  // What the ffmpeg program makes of these arguments.
  VideoFile(const std::string& name, const std::string& arguments) {
    std::string pattern = (std::filesystem::temp_directory_path() / "porthole-media-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary directory");
    directory_ = pattern;
    path_ = directory_ / name;
    const std::string command = "ffmpeg -v error -nostdin " + arguments + " " + path_.string();
    if (std::system(command.c_str()) != 0) throw std::runtime_error("failed: " + command);
  }
  // `frames` pictures of 320x180 at 30 frames/s, encoded as the options say.
  VideoFile(const std::string& name, int frames, const std::string& encoding)
      : VideoFile(name, "-f lavfi -i testsrc=size=320x180:rate=30 -frames:v " + std::to_string(frames) + " " +
                            encoding) {}
  VideoFile(const VideoFile&) = delete;
  VideoFile& operator=(const VideoFile&) = delete;
  ~VideoFile() {
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }

  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path directory_;
  std::filesystem::path path_;
};

// H.264 as cameras make it, and as films have it.
inline constexpr const char* kWithoutBFrames = "-pix_fmt yuv420p -c:v libx264 -preset ultrafast -bf 0 -g 10";
inline constexpr const char* kWithBFrames = "-pix_fmt yuv420p -c:v libx264 -preset fast -bf 3 -g 30";

}  // namespace porthole::media::test
