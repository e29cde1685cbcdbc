// A live source: opens a test pattern, file, stream or camera and delivers encoded frames from its own
// thread.
#pragma once

#include <memory>
#include <string>

#include "base/frame.hpp"
#include "base/result.hpp"

namespace porthole::media {

struct SourceStatus {
  enum class State {
    starting,      // Not a frame yet.
    live,          // Frames are being delivered.
    reconnecting,  // The source dropped; it is opened again with growing pauses, for as long as it takes.
  };
  State state = State::starting;
  // For people, one line: the picture while live ("1280x720 at 30 frames/s, passed through"), the reason
  // while reconnecting ("Connection refused; next attempt in 2 s").
  std::string detail;

  bool operator==(const SourceStatus&) const = default;
};

// Where frames go. Both functions are called from the source's thread, never at the same time, and must
// return quickly: a slow sink delays the picture. They must not destroy the source.
class FrameSink {
 public:
  virtual ~FrameSink() = default;

  // Frames of one codec come in order with growing pts; both codecs share one timeline. H.264 is always
  // there: without B-frames, SPS and PPS before every IDR. VP8 comes only while it is wanted.
  virtual void on_frame(std::shared_ptr<const EncodedFrame> frame) = 0;

  // Only changes are reported. The first report is `starting`.
  virtual void on_status(const SourceStatus& status) = 0;
};

class Source {
 public:
  // Stops and joins the thread; after this the sink hears nothing more. Returns within a second even while
  // opening a network source hangs.
  virtual ~Source() = default;

  // The following may be called from any thread, also from within the sink, and return at once.

  // Makes the next frame of this codec a keyframe where an encoder here makes the frames. An H.264 stream
  // that passes through untouched has keyframes only where its camera set them: then this does nothing, and
  // viewers start from the cached group of pictures. The caller limits the rate.
  virtual void request_keyframe(VideoCodec codec) = 0;

  // Starts the VP8 rendition for the first viewer without H.264 (its first frame is a keyframe), or stops it
  // and frees its encoder (and decoder) after the last one. VP8 is at most 1280x720 at 30 frames/s.
  virtual void want_vp8(bool wanted) = 0;
};

struct SourceOptions {
  enum class Start {
    // open_source() waits until the source has opened (at most kOpenTimeout) and fails where it does not.
    probe_first,
    // open_source() returns at once; a source that does not open is `reconnecting` until it does.
    background,
  };
  // The broadcast's name: error texts begin with it.
  std::string name = "source";
  Start start = Start::probe_first;
};

// Opens a source and starts its thread. `url` is
//   test-pattern:                   the built-in moving picture, 1280x720 at 30 frames/s
//   film.mp4, file:film.mp4         a file, in real time, from the start again at its end
//   rtsp:// rtmp:// srt:// http://  anything that FFmpeg opens
//   /dev/video0, v4l2:/dev/video0   a camera
// `sink` must outlive the source and may hear from it before this returns. The error is one line that names
// the source, the reason and what to do: "film: cannot open film.mp4: No such file or directory; check the
// path". Passwords inside URLs are left out of it.
Result<std::unique_ptr<Source>, std::string> open_source(const std::string& url, FrameSink& sink,
                                                         const SourceOptions& options = {});

}  // namespace porthole::media
