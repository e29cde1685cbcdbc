// Reads a viewer's RTCP compound and tells what in it concerns one stream.
#pragma once

#include <cstdint>

#include "base/bytes.hpp"
#include "wire/rtcp.hpp"

namespace porthole::rtc {

// Calls come in the order of the compound. How many is bounded by its length: at most 17 losses for 4 bytes.
class FeedbackSink {
 public:
  virtual ~FeedbackSink() = default;

  virtual void on_report(const rtcp::ReportBlock& block) = 0;
  virtual void on_lost(std::uint16_t sequence) = 0;
  virtual void on_picture_loss() = 0;
  // Requests are repeated with the same command sequence number until the keyframe comes.
  virtual void on_intra_request(std::uint8_t command_sequence) = 0;
  virtual void on_goodbye() = 0;
};

// Feedback on other sources than `ssrc` is passed over, and so are messages that are of no use here (REMB,
// transport-wide congestion control, XR, SDES, APP). False when the compound is malformed: then nothing in it
// was told.
bool read_feedback(Bytes compound, std::uint32_t ssrc, FeedbackSink& sink);

}  // namespace porthole::rtc
