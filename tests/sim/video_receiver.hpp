// The receiving end of one video stream, after decryption: puts packets in order, asks for lost ones, undoes
// retransmission (RFC 4588), and recognises each frame.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "depacketizer.hpp"
#include "wire/rtcp.hpp"
#include "wire/rtp.hpp"

namespace porthole::sim {

class VideoReceiver {
 public:
  struct Format {
    VideoCodec codec = VideoCodec::h264;
    std::uint8_t payload_type = 0;
    std::uint32_t ssrc = 0;
    // 0: none.
    std::uint8_t rtx_payload_type = 0;
    std::uint32_t rtx_ssrc = 0;
  };

  explicit VideoReceiver(const Format& format) : format_(format) {}

  void handle_rtp(Bytes packet, Instant now);
  void handle_rtcp(Bytes compound, Instant now);
  void handle_timeout(Instant now);
  Instant next_timeout() const;

  // Appends what is due: receiver report, NACK, PLI. False when nothing is.
  bool write_feedback(ByteWriter& writer, Instant now);

  struct Count {
    std::size_t frames = 0;
    std::uint32_t first = 0;  // Numbers of the first and the last frame,
    std::uint32_t last = 0;
    std::size_t missing = 0;      // and of those between them that never came.
    std::size_t undecodable = 0;  // Whole, but before the first keyframe or after a loss.
    std::size_t corrupt = 0;
    std::size_t backward = 0;  // Timestamps that did not rise.
    std::size_t packets = 0;
    std::size_t retransmitted = 0;
    std::size_t given_up = 0;  // Packets that did not come in time, asked for or not.
    std::size_t nacks = 0;
    std::size_t picture_losses = 0;  // PLIs sent.
    std::size_t sender_reports = 0;
    bool began_with_keyframe = false;
    bool said_bye = false;
    Instant last_frame_at{};
    std::uint32_t first_timestamp = 0;
    std::uint32_t last_timestamp = 0;
  };
  const Count& count() const { return count_; }
  // Each frame, as it is complete.
  std::function<void(const RecognisedFrame&)> on_frame;

 private:
  struct Packet {
    std::uint32_t timestamp = 0;
    bool marker = false;
    Buffer payload;
  };
  struct Missing {
    Instant since{};
    Instant ask_at{};
  };

  std::int64_t extend(std::uint16_t sequence) const;
  void note_gap(std::int64_t after, std::int64_t before, Instant now);
  void accept(std::int64_t sequence, Packet packet, Instant now);
  void advance(Instant now);
  // How many packets the frame at next_ has; 0 when it is not complete.
  std::size_t complete_frame() const;
  void consume_frame(std::size_t packets, Instant now);
  void note_frame(const RecognisedFrame& frame, std::uint32_t timestamp, Instant now);
  void give_up(Instant now);
  bool write_report(ByteWriter& writer, Instant now);
  bool write_nack(ByteWriter& writer, Instant now);

  Format format_;
  std::map<std::int64_t, Packet> buffer_;
  std::map<std::int64_t, Missing> missing_;
  std::optional<std::int64_t> highest_;
  std::int64_t lowest_ = 0;  // The first that came; later ones may still overtake it until `begin_at_`.
  std::optional<std::int64_t> next_;
  Instant begin_at_ = Instant::max();
  bool needs_keyframe_ = true;
  bool wants_picture_ = false;
  Instant picture_again_at_{};
  Instant report_at_ = Instant::max();
  std::uint32_t last_sr_ = 0;
  Instant last_sr_at_{};
  Count count_;
};

}  // namespace porthole::sim
