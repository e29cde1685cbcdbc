// The media end of one viewer: meters what comes, and says back what a browser would say where that is wanted
// (receiver reports, NACKs). It holds no socket and no clock.
#pragma once

#include <memory>
#include <random>
#include <vector>

#include "crypto/srtp.hpp"
#include "load/media_meter.hpp"

namespace porthole::load {

struct ReceptionPlan {
  bool feedback = false;
  double loss = 0;  // So much of what comes is taken for lost, and asked for again.
};

// What feedback brought, of one viewer or of many added up.
struct FeedbackTally {
  std::uint64_t pretended = 0;  // Packets taken for lost.
  std::uint64_t nacked = 0;     // Packets asked for, each as often as it was.
  std::uint64_t recovered = 0;  // Came again, in the stream for that or in their own.
  std::uint64_t forged = 0;     // Packets that SRTP refuses, of those that are decrypted at all.
  std::uint64_t sender_reports = 0;

  FeedbackTally& operator+=(const FeedbackTally& other);
  FeedbackTally operator-(const FeedbackTally& other) const;
};

class Reception {
 public:
  // Borrows `dice`.
  Reception(const std::bitset<128>& retransmissions, const ReceptionPlan& plan, std::minstd_rand& dice);

  // Keys are there.
  void start(const crypto::SrtpKeys& keys, Instant now);

  // SRTP or SRTCP.
  void handle_packet(Bytes packet, Arrival arrival, FrameTimes* times);

  // The RTCP that is due, protected, in `out`; empty when none is.
  Bytes poll_transmit(MutableBytes out, Instant now);
  Instant next_timeout() const;
  // Something new is missing: worth a poll.
  bool asks_at_once() const { return news_; }

  const MediaMeter& meter() const { return meter_; }
  const FeedbackTally& tally() const { return tally_; }

 private:
  struct Missing {
    std::uint16_t sequence = 0;
    std::uint8_t asked = 0;
    Instant ask_at{};
  };
  static constexpr std::size_t kMaxMissing = 512;
  static constexpr std::uint32_t kOwnSsrc = 1;  // RFC 3550: any that the sender does not have.

  void handle_rtp(Bytes packet, Arrival arrival, FrameTimes* times);
  void handle_rtcp(Bytes packet, Arrival arrival);
  bool takes_for_lost(const RtpHeader& header);
  void note_missing(std::uint32_t before, std::uint16_t sequence);
  void note_retransmission(Bytes packet);
  void check_first(Bytes packet);
  std::size_t write_nack(MutableBytes out, Instant now);
  std::size_t write_report(MutableBytes out);

  // Constant after construction.
  const ReceptionPlan plan_;

  std::minstd_rand& dice_;  // Borrowed: outlives this.

  MediaMeter meter_;
  FeedbackTally tally_;

  // Owned; null as long as they are of no use.
  std::unique_ptr<crypto::SrtpSender> sender_;
  std::unique_ptr<crypto::SrtpReceiver> receiver_;

  std::vector<Missing> missing_;
  bool news_ = false;
  Instant report_at_ = Instant::max();
  Instant nack_at_ = Instant::max();
  std::uint64_t reported_expected_ = 0;
  std::uint64_t reported_missing_ = 0;
  std::uint32_t last_sr_ = 0;
  Arrival last_sr_arrival_ = 0;
};

}  // namespace porthole::load
