// What kind of source a URL names, and how people are told about it.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace porthole::media {

struct SourceUrl {
  enum class Kind {
    test_pattern,
    file,    // Has an end and no clock of its own: paced here and looped.
    live,    // A stream that arrives in real time: rtsp, rtmp, srt, rtp, udp.
    remote,  // Behind a URL, live or not: what FFmpeg finds there decides.
    camera,
  };
  Kind kind = Kind::file;
  std::string target;                          // What FFmpeg is to open: the URL, path or device.
  std::map<std::string, std::string> options;  // Of a camera: "v4l2:/dev/video0?video_size=1920x1080".

  static SourceUrl parse(std::string_view url);

  bool is_rtsp() const { return target.starts_with("rtsp://") || target.starts_with("rtsps://"); }
  // The target without a password: fit for logs and pages.
  std::string display() const;
  // Any text that may quote the target, without its password.
  std::string redact(std::string text) const;
};

// "cannot open film.mp4: No such file or directory; check the path": FFmpeg's error code in a sentence that
// says what to do. `complaint` is FFmpeg's own line about it, or empty.
std::string open_error(const SourceUrl& url, int code, const std::string& complaint = {});

}  // namespace porthole::media
