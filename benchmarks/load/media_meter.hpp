// What one viewer gets: packets, what is missing between them, and the time from frame to frame. It looks at
// headers alone, which SRTP leaves in the clear.
#pragma once

#include <bitset>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/bytes.hpp"
#include "load/clock.hpp"
#include "load/histogram.hpp"
#include "load/sequence_tracker.hpp"

namespace porthole::load {

// Of one viewer, or of many added up.
struct Delivery {
  std::uint64_t packets = 0;  // RTP of all kinds.
  std::uint64_t bytes = 0;    // The same with their SRTP tags, without the headers around.
  std::uint64_t frames = 0;
  std::uint64_t retransmissions = 0;  // Packets of the stream for them (RFC 4588).
  std::uint64_t duplicates = 0;
  std::uint64_t reordered = 0;
  std::uint64_t expected = 0;  // By sequence numbers.
  std::uint64_t missing = 0;   // Of those expected, not there, nor retransmitted.

  Delivery& operator+=(const Delivery& other);
  Delivery operator-(const Delivery& other) const;
};

struct FrameTimes {
  Histogram gaps;     // From the end of one frame to the end of the next.
  Histogram spreads;  // From a frame's first packet to its last: how long it was on its way.
};

struct RtpHeader {
  std::uint32_t ssrc = 0;
  std::uint32_t timestamp = 0;
  std::uint16_t sequence = 0;
  std::uint8_t payload_type = 0;
  bool marker = false;
};

// The fixed header; nullopt when that is not there.
std::optional<RtpHeader> read_header(Bytes packet);

class MediaMeter {
 public:
  // Those payload types are retransmissions.
  explicit MediaMeter(const std::bitset<128>& retransmissions) : retransmissions_(retransmissions) {}

  bool is_retransmission(const RtpHeader& header) const { return retransmissions_[header.payload_type]; }

  // Every packet. What it says of frames goes to `times`, where that is not null. A `lost` one counts as
  // delivered, and then as if it had not come.
  SequenceTracker::Verdict note(const RtpHeader& header, std::size_t size, Arrival arrival, bool lost,
                                FrameTimes* times);
  // A retransmission brought this packet of the media's.
  void note_recovered(std::uint16_t sequence);

  Delivery delivery() const;
  // When the last frame was complete; nullopt before the first.
  std::optional<Arrival> last_frame() const { return last_frame_; }

  // The stream with the pictures, or null.
  const SequenceTracker* media() const;
  std::uint32_t media_ssrc() const { return media_ssrc_; }

 private:
  struct Source {
    std::uint32_t ssrc = 0;
    bool retransmission = false;
    SequenceTracker tracker;
  };

  SequenceTracker& tracker_of(const RtpHeader& header);
  void note_frame(const RtpHeader& header, Arrival arrival, FrameTimes* times);

  const std::bitset<128> retransmissions_;  // Constant after construction.

  std::vector<Source> sources_;
  std::uint32_t media_ssrc_ = 0;
  Delivery counts_;  // Without what the trackers know.
  std::optional<Arrival> last_frame_;
  std::uint32_t last_timestamp_ = 0;
  Arrival frame_begun_ = 0;  // Of the frame with the timestamp below.
  std::uint32_t begun_timestamp_ = 0;
};

}  // namespace porthole::load
