// One viewer: its ICE agent, its DTLS association, its SRTP contexts and its stream.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "crypto/dtls.hpp"
#include "crypto/srtp.hpp"
#include "ice/agent.hpp"
#include "node/audience.hpp"
#include "node/batch_builder.hpp"
#include "node/broadcast.hpp"
#include "node/route.hpp"
#include "node/route_framing.hpp"
#include "node/viewer_end.hpp"
#include "rtc/negotiation.hpp"
#include "rtc/pacer.hpp"
#include "rtc/send_stream.hpp"

namespace porthole::node {

enum class ViewerId : std::uint64_t {};

// From the offer to the first packet of media. Browsers give up on ICE after some 30 s themselves.
constexpr Duration kSetupTimeout = 30s;

class Viewer {
 public:
  struct Setup {
    ViewerId id{};
    std::string session;  // Its WHEP session's id.
    Broadcast& broadcast;
    rtc::Offer offer;
    VideoCodec codec = VideoCodec::h264;
    rtc::IceCredentials local_ice;
    std::unique_ptr<crypto::DtlsSession> dtls;
    rtc::SendStream::Config stream;
    Seat seat{};
  };

  Viewer(Setup setup, Random& random, Instant now);

  // What arrived on one of its paths.
  ice::CheckOutcome handle_check(const stun::Message& check, ice::PathId path, const SocketAddress& mapped,
                                 MutableBytes out, Instant now);
  void handle_dtls(Bytes datagram, ice::PathId path, Instant now);
  // RTCP, protected. True when the viewer needs a keyframe. Mostly it leads to nothing: see has_news().
  bool handle_srtp(Bytes packet, ice::PathId path, Instant now);
  void handle_timeout(Instant now);
  // Instant::max() when nothing is pending.
  Instant next_timeout() const;

  // Frames, once it is connected: see rtc::SendStream. While its connection takes nothing, a keyframe would
  // only be late as well, and none is wanted.
  rtc::SendStream::Enqueued enqueue(rtc::FramePtr frame, Instant now);
  rtc::SendStream::Enqueued enqueue_cached(std::span<const rtc::FramePtr> frames, Instant now);
  rtc::SendStream::Enqueued resume(std::span<const rtc::FramePtr> frames, Instant now) {
    return stream_.resume(frames, now);
  }

  // Writes what is to be sent now, one batch for each call; false when there is nothing. `builder` is for
  // the selected route.
  bool poll_transmit(BatchBuilder& builder, Instant now, const WallClock& wall);
  // Whether it has something to send or to end with, as far as what it heard goes.
  bool has_news() const { return end_ || stream_.next_size() > 0; }
  // After a batch: whether there may be another at once. False for most, which need not be polled in vain.
  bool may_have_more() const { return may_have_more_; }

  // Paths.
  bool heard_within(ice::PathId path, Duration age, Instant now) const {
    return agent_.heard_within(path, age, now);
  }
  std::optional<ice::PathId> path_of(const Route& route) const;
  void add_path(ice::PathId path, const Route& route);
  std::optional<Route> remove_path(ice::PathId path);
  struct Path {
    ice::PathId id;
    Route route;
  };
  const std::vector<Path>& paths() const { return paths_; }
  // Where to send: the selected path, or, while the viewer has nominated none, the one that its handshake
  // comes from. nullptr when there is neither.
  const Route* selected_route() const;
  // The same, or, while nothing is to be sent yet, the first path that a check proved. The viewer lives with
  // the worker whose it is.
  const Route* home_route() const;
  // To another worker's broadcast of the same name, with its routes as they are seen from there.
  void move_to(Broadcast& broadcast) { broadcast_ = &broadcast; }
  void rename_routes(const std::function<Route(const Route&)>& rename);

  // Ends at the next poll_transmit(), after a word of goodbye where that makes sense.
  void end(ViewerEnd reason);
  std::optional<ViewerEnd> ended() const { return end_; }

  // DTLS is through: media may flow.
  bool connected() const { return sender_.has_value(); }

  void restart_ice(const rtc::IceCredentials& local, const rtc::IceCredentials& remote);

  ViewerId id() const { return id_; }
  const std::string& session() const { return session_; }
  Broadcast& broadcast() const { return *broadcast_; }
  VideoCodec codec() const { return codec_; }
  const rtc::Offer& offer() const { return offer_; }
  const rtc::IceCredentials& remote_ice() const { return offer_.ice; }
  const std::string& local_ufrag() const { return agent_.local().ufrag; }
  // Answered for a while after an ICE restart; empty otherwise.
  std::string_view previous_ufrag() const { return agent_.previous_ufrag(); }
  const std::string& etag() const { return etag_; }
  Instant since() const { return since_; }
  rtc::SendStats stats() const { return stream_.stats(); }

  // How it was last sent to, so that nobody looks that up for every frame. Forgotten whenever another path
  // may have been selected; else it holds for as long as the framing is valid.
  struct Outlet {
    FiveTuple to;
    RouteFraming framing;
  };
  std::optional<Outlet> outlet;

  // For Viewers: its names in checks, when its timer comes up, whether it waits to be polled, and whether its
  // broadcast feeds it.
  std::vector<std::string> ufrags;
  // All that it is called by, in checks and by its owner.
  std::vector<std::string> names() const;
  Instant timer_at = Instant::max();
  bool is_queued = false;
  bool is_fed = false;
  Seat watching;  // While it does.
  // Whether there was a way to it when it was polled last. Without one nothing that it would send is due, or
  // its timers would come up again and again.
  bool is_reachable = false;
  // Whether the connection that leads to it takes nothing for now: media waits here, and grows old.
  bool is_blocked = false;
  // How pressing its wish for a keyframe is. Who cannot take the stream is not to spoil it for the others.
  rtc::Urgency urgency(Instant now) const {
    return is_blocked || stream_.falls_behind_often(now) ? rtc::Urgency::patient : rtc::Urgency::prompt;
  }
  // How long a frame may wait for it on the path that it is on.
  void set_max_delay(Duration delay) { stream_.set_max_delay(delay); }

 private:
  void tell_dtls_of_path();
  void advance_dtls(ice::PathId path, Instant now);
  void start_media(const crypto::SrtpKeys& keys);
  bool write_dtls(BatchBuilder& builder);
  bool write_report(BatchBuilder& builder, Instant now, const WallClock& wall);
  bool write_media(BatchBuilder& builder, Instant now);
  bool write_goodbye(BatchBuilder& builder, Instant now, const WallClock& wall);

  // Constant after construction.
  ViewerId id_;
  std::string session_;
  VideoCodec codec_;
  Instant since_;
  Seat seat_;

  Broadcast* broadcast_;  // Borrowed: broadcasts outlive their viewers.

  rtc::Offer offer_;
  std::string etag_;  // Of the current ICE session.
  ice::LiteAgent agent_;
  std::vector<Path> paths_;  // At most ice::kMaxPaths.

  std::unique_ptr<crypto::DtlsSession> dtls_;  // Owned.
  bool dtls_started_ = false;
  std::optional<ice::PathId> handshake_path_;
  std::optional<crypto::SrtpSender> sender_;
  std::optional<crypto::SrtpReceiver> receiver_;
  std::size_t srtp_trailer_ = 0;

  rtc::SendStream stream_;
  rtc::Pacer pacer_;
  bool may_have_more_ = false;
  bool said_bye_ = false;
  std::optional<ViewerEnd> end_;
};

}  // namespace porthole::node
