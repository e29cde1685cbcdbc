// The two ways of a packet to the viewers: as it is, or decoded and encoded again.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "media/demuxer.hpp"
#include "media/h264_bitstream.hpp"
#include "media/output.hpp"

namespace porthole::media {

class FramePath {
 public:
  enum class Outcome {
    ok,
    stopped,            // The source is to end.
    needs_transcoding,  // This stream cannot pass through after all.
  };

  virtual ~FramePath() = default;
  virtual Outcome handle(const AVPacket& packet) = 0;
  // The stream ended; what is still held back goes out.
  virtual Outcome drain() = 0;
};

// Whether browsers can show this H.264 as it is: 8 bit 4:2:0, progressive, without reordering.
bool can_pass_through(Demuxer& demuxer);

// Delivers H.264 untouched, but for parameter sets before IDRs that lack them.
class PassThrough final : public FramePath {
 public:
  PassThrough(const Demuxer& demuxer, Output& output);

  Outcome handle(const AVPacket& packet) override;
  Outcome drain() override { return Outcome::ok; }

 private:
  Duration time_of(const AVPacket& packet);

  Output& output_;
  const AVRational time_base_;
  const AVRational frame_rate_;
  ParameterSets parameter_sets_;
  std::optional<Duration> last_time_;  // On the source's clock.
  std::optional<Duration> waiting_since_;
  bool started_ = false;  // The first IDR went out.
};

// "1280x720 at 30 frames/s"
std::string describe_picture(int width, int height, AVRational frame_rate);

}  // namespace porthole::media
