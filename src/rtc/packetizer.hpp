// Turns encoded frames into RTP payloads: H.264 (RFC 6184, packetization-mode 1) and VP8 (RFC 7741).
#pragma once

#include <vector>

#include "rtc/packetized_frame.hpp"

namespace porthole::rtc {

// One for each broadcast, for as long as it lives. Single NAL units, STAP-A for small ones, FU-A in equal
// parts for large ones. Access unit delimiters and filler data are left out. SPS and PPS come first in every
// keyframe: where the source sent none with it, the last ones seen (a decoder that joins knows no others).
class H264Packetizer {
 public:
  // nullptr when there is nothing to show: no NAL unit with picture data, or more than kMaxFrameBytes.
  // A frame is a keyframe when it has an IDR slice, whatever frame.keyframe says: browsers start at nothing
  // else.
  FramePtr packetize(const EncodedFrame& frame);

 private:
  using Units = std::vector<Bytes>;
  using OwnedUnits = std::vector<std::vector<std::uint8_t>>;

  void gather(Bytes annex_b);
  void remember_parameter_sets();
  void put_parameter_sets_first();

  // The last parameter sets seen, to go in front of keyframes that lack them. All are from one frame each, so
  // that frame's limit bounds them.
  OwnedUnits sps_;
  OwnedUnits pps_;

  // Scratch, kept for its capacity: the units of the frame in hand, borrowed from it or from the above.
  Units units_;
  Units ordered_;
};

// One for each broadcast, for as long as it lives, so that the picture ids go on when the encoder restarts:
// receivers take a frame to depend on the one with the id before.
class Vp8Packetizer {
 public:
  explicit Vp8Packetizer(std::uint16_t first_picture_id = 0) : picture_id_(first_picture_id) {}

  // nullptr when the frame is empty or has more than kMaxFrameBytes.
  FramePtr packetize(const EncodedFrame& frame);

 private:
  std::uint16_t picture_id_;  // 15 bits.
};

}  // namespace porthole::rtc
