// One viewer's RTP stream: numbers the shared frames' packets, writes them, and sends them again when lost.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "base/bytes.hpp"
#include "base/fifo.hpp"
#include "base/random.hpp"
#include "base/time.hpp"
#include "rtc/feedback.hpp"
#include "rtc/gop_cache.hpp"
#include "rtc/packetized_frame.hpp"
#include "rtc/reports.hpp"
#include "rtc/retransmissions.hpp"
#include "rtc/send_history.hpp"
#include "wire/rtp.hpp"

namespace porthole::rtc {

// The queue holds what the path has not taken yet. It refers to shared frames, so its cost is delay rather
// than memory: frames that waited longer than this are of no use to somebody who watches live, and neither
// are those that refer to them. See set_max_delay().
constexpr Duration kMaxQueueDelay = 2s;
// Who has just joined may take so long to catch up with the cached pictures. A connection starts slowly, and
// to stop it there would show a still picture until the next keyframe.
constexpr Duration kCatchUpTime = kMaxQueueDelay;
// The distance of live frames, as far as it says by when one must have left: before there were two, and the
// shortest that is believed.
constexpr Duration kUsualFrameTime = 33ms;
constexpr Duration kMinFrameTime = 8ms;
// A path that fails twice within this time is no path that had one bad moment.
constexpr Duration kSteadyTime = 10s;
// Room for a whole cached group of pictures and as much again.
constexpr std::size_t kMaxQueuedBytes = 2 * kMaxGopBytes;
constexpr std::size_t kMaxQueuedPackets = 2 * (kMaxGopBytes / 1000 + kMaxGopFrames);

// Enough room for what write_report() and write_goodbye() write: sender report, CNAME with its padding, BYE.
constexpr std::size_t kMaxReportSize = 28 + (10 + rtcp::kMaxCname + 3) + 8;

struct SendStats {
  std::uint64_t frames = 0;
  std::uint64_t packets = 0;  // Without retransmissions.
  std::uint64_t bytes = 0;    // Of payload, without retransmissions.
  std::uint64_t retransmitted_packets = 0;
  std::uint64_t retransmitted_bytes = 0;
  std::uint64_t lost_reported = 0;  // Sequence numbers that NACKs named, repetitions included.
  std::uint64_t lost_unknown = 0;   // Of these, no longer or never in the history.
  std::uint64_t picture_losses = 0;
  std::uint64_t intra_requests = 0;  // Without repetitions.
  std::uint64_t dropped_frames = 0;  // By the bounded queue.
  std::uint64_t receiver_reports = 0;
  std::optional<Duration> round_trip;
  double fraction_lost = 0;          // 0 to 1, from the last receiver report.
  std::int32_t cumulative_lost = 0;  // From the last receiver report.
  Duration jitter{};                 // From the last receiver report.
};

class SendStream {
 public:
  struct Config {
    std::uint32_t ssrc = 0;
    std::uint32_t rtx_ssrc = 0;
    std::uint8_t payload_type = 0;
    // Without one, lost packets are sent again as they were: RTCP feedback without RFC 4588. SRTP must then
    // allow the repetition of a packet.
    std::optional<std::uint8_t> rtx_payload_type;
    std::optional<std::uint8_t> playout_delay_id;  // 1 to 14; others are not used.
    std::string cname;
  };

  enum class Enqueued : std::uint8_t {
    accepted,
    // The queue is or was too long, and the viewer waits for a keyframe. Nothing to do: the path is still
    // busy with what was queued or begun before.
    dropped,
    // Dropped likewise, but nothing is in the way any more: the viewer needs a keyframe. Told for every frame
    // until one comes; the KeyframeGate makes few requests of it.
    keyframe_wanted,
  };

  struct FeedbackOutcome {
    bool well_formed = false;
    bool keyframe_wanted = false;
    bool goodbye = false;
  };

  struct Packet {
    std::size_t header_size = 0;  // RTP's header and its extensions.
    // The same, and of a retransmission the original sequence number, which is a part of what is encrypted.
    std::size_t written = 0;
    Bytes payload;  // What stands behind it. Borrows the shared frame, until the next call that is not const.

    std::size_t size() const { return written + payload.size(); }
  };

  SendStream(Config config, Random& random);

  // The next live frame. On overflow, whole frames are dropped until the next keyframe; that one also takes
  // the place of everything that waits and has not been begun. Frames that waited too long go as well.
  // A stream that has sent nothing yet begins with a keyframe, so anything else is keyframe_wanted.
  [[nodiscard]] Enqueued enqueue(FramePtr frame, Instant now);

  // At join: the frames of the GopCache, which are sent as fast as the path allows. Their timestamps are
  // squeezed: the last frame has its true one, each before it lies a millisecond (90 ticks) before its
  // successor. So a receiver takes them for frames that arrive in time, and the first live frame goes on at
  // its true distance. Numbers never go back: a frame's timestamp is at least one tick after the last one's.
  // An empty span is keyframe_wanted.
  [[nodiscard]] Enqueued enqueue_cached(std::span<const FramePtr> frames, Instant now);

  // Frames come from another GopCache of the same rendition from now on. It, and enqueue(), may have frames
  // that this stream has had: they are left out, and what is new goes on where the stream is. With nothing to
  // go on from it is keyframe_wanted.
  [[nodiscard]] Enqueued resume(std::span<const FramePtr> frames, Instant now);

  // How long a frame may wait before it is begun: it depends on the path, and paths change.
  void set_max_delay(Duration delay) { max_delay_ = delay; }
  // Drops what waited longer, up to a keyframe that did not; to be called before packets are written. Numbers
  // have no gap: what was never begun has none.
  void drop_late(Instant now);
  // Whether frames were too late again soon after they had been too late.
  bool falls_behind_often(Instant now) const { return now < troubled_until_; }

  // Size in bytes of the next packet in clear, 0 when there is none. Retransmissions come first, then media
  // in the runs that PacketizedFrame describes. Valid until the next call that is not const.
  std::size_t next_size() const;
  // Writes that packet but for its payload, which whoever encrypts it reads where it is. Nothing where there
  // is none, or where `out` is smaller than next_size(). kMaxRtpPacket is always enough.
  Packet write_next(MutableBytes out, Instant now);

  // The frame that is next or under way: by when all of it should have left, so that it is not the reason why
  // the one after it is late, and how much of it has not. Cached frames, and what waits behind them, have no
  // such time: Instant::max().
  struct Due {
    Instant by = Instant::max();
    std::size_t bytes = 0;  // Of payload.
  };
  Due due() const;

  // An RTCP compound from the viewer, decrypted.
  [[nodiscard]] FeedbackOutcome handle_rtcp(Bytes compound, Instant now);

  // When the next sender report is due; Instant::max() before the first packet left.
  Instant next_timeout() const { return reports_.next_timeout(); }
  // Sender report and CNAME in a compound; 0 when none is due or there is no room (kMaxReportSize).
  std::size_t write_report(MutableBytes out, Instant now, const WallClock& clock);
  // The same with BYE, to be sent when the broadcast ends, due or not; 0 when nothing was ever sent.
  std::size_t write_goodbye(MutableBytes out, Instant now, const WallClock& clock);

  SendStats stats() const;
  const Config& config() const { return config_; }

 private:
  class Listener;
  struct Queued {
    FramePtr frame;
    std::uint32_t timestamp = 0;
    bool has_extension = false;
    Instant since{};
    Instant due = Instant::max();
  };

  bool overflows(const PacketizedFrame& frame) const;
  void push(FramePtr frame, std::int64_t ticks, Instant now, Instant due);
  Duration distance_from_last(std::int64_t ticks) const;
  void discard_queue() { discard(queue_.size()); }
  void discard(std::size_t count);  // From the front.
  void note_fall(Instant now);
  bool mid_frame() const { return next_payload_ < current_payloads_; }
  bool has_media() const { return mid_frame() || !queue_.empty(); }
  void begin_frame();
  std::size_t packet_size(const PacketizedFrame& frame, std::size_t index, bool has_extension) const;
  std::size_t retransmission_size(const SendHistory::Found& found) const;
  Packet write_media(std::uint8_t* out, std::size_t size, Instant now);
  Packet write_retransmission(std::uint8_t* out, const SendHistory::Found& found);
  Packet write_packet(std::uint8_t* out, const SentFrame& sent, std::size_t index, const rtp::Header& header,
                      std::optional<std::uint16_t> original) const;
  rtcp::SenderInfo sender_info(Instant now, const WallClock& clock) const;
  void handle_lost(std::uint16_t sequence, Instant now);
  void handle_report(const rtcp::ReportBlock& block, Instant now);

  // Constant after construction.
  Config config_;
  std::uint32_t timestamp_offset_;

  // Numbering.
  std::uint16_t next_sequence_;
  std::uint16_t next_rtx_sequence_;
  std::optional<std::int64_t> last_ticks_;  // Of the frame that was queued last, before the offset.

  // Media that waits. The frame that was begun is the newest of the history.
  Fifo<Queued> queue_;
  std::size_t queued_packets_ = 0;
  std::size_t queued_bytes_ = 0;
  std::size_t next_payload_ = 0;
  std::size_t current_payloads_ = 0;
  Instant current_due_ = Instant::max();
  bool waiting_for_keyframe_ = true;

  // Lateness.
  Duration max_delay_ = kMaxQueueDelay;
  Instant catch_up_until_{};
  std::optional<Instant> fell_behind_at_;
  Instant troubled_until_{};

  // What sender reports relate: this frame, the last one that came, came at this time.
  std::int64_t live_ticks_ = 0;  // 0 before the first.
  Instant live_at_{};
  std::optional<std::int64_t> had_until_;  // See resume().

  SendHistory history_;
  Retransmissions retransmissions_;
  SenderReports reports_;
  std::optional<std::uint8_t> last_intra_request_;
  SendStats stats_;
};

// A viewer has one of these; a server has thousands.
static_assert(sizeof(SendStream) <= 8 * 1024);

}  // namespace porthole::rtc
