#include "node/viewer.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace porthole::node {
namespace {

// A viewer that receives video sends RTCP compounds of some hundred bytes; longer ones are not looked at.
constexpr std::size_t kMaxFeedback = 1500;

std::string etag_of(const rtc::IceCredentials& ice) {
  // The local ufrag changes with each ICE session and gives nothing away: every check carries it in clear.
  return "\"" + ice.ufrag + "\"";
}

ice::Credentials agent_credentials(const rtc::IceCredentials& ice) {
  return {ice.ufrag, ice.pwd};
}

}  // namespace

Viewer::Viewer(Setup setup, Random& random, Instant now)
    : id_(setup.id),
      session_(std::move(setup.session)),
      codec_(setup.codec),
      since_(now),
      seat_(std::move(setup.seat)),
      broadcast_(&setup.broadcast),
      offer_(std::move(setup.offer)),
      etag_(etag_of(setup.local_ice)),
      agent_(agent_credentials(setup.local_ice), agent_credentials(offer_.ice)),
      dtls_(std::move(setup.dtls)),
      stream_(std::move(setup.stream), random) {}

ice::CheckOutcome Viewer::handle_check(const stun::Message& check, ice::PathId path,
                                       const SocketAddress& mapped, MutableBytes out, Instant now) {
  const ice::CheckOutcome outcome = agent_.handle_check(check, path, mapped, out, now);
  if (outcome.selected_changed) outlet.reset();
  tell_dtls_of_path();
  if (outcome.authenticated && !dtls_started_) {
    dtls_started_ = true;
    dtls_->start(now);
  }
  return outcome;
}

void Viewer::handle_dtls(Bytes datagram, ice::PathId path, Instant now) {
  if (!dtls_started_) return;
  if (handshake_path_ != path) outlet.reset();
  handshake_path_ = path;
  tell_dtls_of_path();
  dtls_->handle_datagram(datagram, now);
  advance_dtls(path, now);
}

// As long as there is no way to send on, nothing can be lost either: it waits.
void Viewer::tell_dtls_of_path() {
  const Route* route = selected_route();
  dtls_->set_reliable(route == nullptr || route->path.is_stream());
}

void Viewer::advance_dtls(ice::PathId path, Instant now) {
  using State = crypto::DtlsSession::State;
  switch (dtls_->state()) {
    case State::connecting:
      return;
    case State::failed:
      return end(ViewerEnd::handshake_failed);
    case State::closed:
      return end(ViewerEnd::left);
    case State::connected:
      break;
  }
  if (connected()) return;
  start_media(*dtls_->keys());
  if (agent_.handle_authenticated(path, now)) outlet.reset();
}

void Viewer::start_media(const crypto::SrtpKeys& keys) {
  sender_.emplace(keys);
  receiver_.emplace(keys);
  srtp_trailer_ = crypto::srtp_trailer(keys.profile);
}

bool Viewer::handle_srtp(Bytes packet, ice::PathId path, Instant now) {
  if (!receiver_ || packet.size() > kMaxFeedback) return false;
  std::array<std::uint8_t, kMaxFeedback> scratch;
  std::ranges::copy(packet, scratch.begin());
  const auto size = receiver_->unprotect_rtcp(MutableBytes(scratch).first(packet.size()));
  if (!size) return false;
  // Only what verified may move a viewer to another path.
  if (agent_.handle_authenticated(path, now)) outlet.reset();
  const auto outcome = stream_.handle_rtcp(Bytes(scratch).first(*size), now);
  if (outcome.goodbye) end(ViewerEnd::left);
  return outcome.keyframe_wanted;
}

void Viewer::handle_timeout(Instant now) {
  if (dtls_started_ && dtls_->next_timeout() <= now) {
    dtls_->handle_timeout(now);
    if (const auto selected = agent_.selected()) advance_dtls(*selected, now);
  }
  if (!connected() && now >= since_ + kSetupTimeout) end(ViewerEnd::setup_timeout);
  if (agent_.expired(now)) end(ViewerEnd::consent_lost);
}

Instant Viewer::next_timeout() const {
  Instant next = agent_.next_timeout();
  if (dtls_started_) next = std::min(next, dtls_->next_timeout());
  if (!connected()) return std::min(next, since_ + kSetupTimeout);
  if (!is_reachable || is_blocked) return next;
  if (stream_.next_size() > 0) next = std::min(next, pacer_.next_timeout());
  return std::min(next, stream_.next_timeout());
}

rtc::SendStream::Enqueued Viewer::enqueue(rtc::FramePtr frame, Instant now) {
  const auto enqueued = stream_.enqueue(std::move(frame), now);
  const bool too_early = is_blocked && enqueued == rtc::SendStream::Enqueued::keyframe_wanted;
  return too_early ? rtc::SendStream::Enqueued::dropped : enqueued;
}

rtc::SendStream::Enqueued Viewer::enqueue_cached(std::span<const rtc::FramePtr> frames, Instant now) {
  return stream_.enqueue_cached(frames, now);
}

bool Viewer::poll_transmit(BatchBuilder& builder, Instant now, const WallClock& wall) {
  may_have_more_ = true;
  if (end_) return write_goodbye(builder, now, wall);
  if (write_dtls(builder)) return true;
  if (!connected() || is_blocked) return false;
  return write_report(builder, now, wall) || write_media(builder, now);
}

bool Viewer::write_dtls(BatchBuilder& builder) {
  const std::size_t size = dtls_->poll_transmit(builder.slot());
  if (size > 0) builder.commit(size);
  return size > 0;
}

bool Viewer::write_report(BatchBuilder& builder, Instant now, const WallClock& wall) {
  if (stream_.next_timeout() > now) return false;
  const MutableBytes slot = builder.slot();
  const std::size_t size = sender_->protect_rtcp(slot, stream_.write_report(slot, now, wall));
  if (size > 0) builder.commit(size);
  return size > 0;
}

bool Viewer::write_media(BatchBuilder& builder, Instant now) {
  const bool paced = !builder.is_stream();
  const std::size_t allowance = paced ? pacer_.allowance(now) : kMaxStreamBatch;
  stream_.drop_late(now);
  while (const std::size_t next = stream_.next_size()) {
    if (builder.size() + next > allowance || !builder.takes(next + srtp_trailer_)) break;
    const MutableBytes slot = builder.slot();
    const rtc::SendStream::Packet packet = stream_.write_next(slot, now);
    const std::size_t size = sender_->protect_rtp(slot, packet.header_size, packet.written, packet.payload);
    if (size == 0) break;
    builder.commit(size);
  }
  if (builder.empty()) return false;
  if (paced) {
    const rtc::SendStream::Due due = stream_.due();
    pacer_.handle_sent(builder.size(), due.bytes, due.by, now);
  }
  // A connection may have been given so much that it takes no more; that is seen at the next poll.
  may_have_more_ = !paced || (stream_.next_size() > 0 && pacer_.allowance(now) > 0);
  return true;
}

bool Viewer::write_goodbye(BatchBuilder& builder, Instant now, const WallClock& wall) {
  if (!connected() || end_ == ViewerEnd::left) return false;
  if (!said_bye_) {
    said_bye_ = true;
    dtls_->close(now);
    const MutableBytes slot = builder.slot();
    const std::size_t size = sender_->protect_rtcp(slot, stream_.write_goodbye(slot, now, wall));
    if (size > 0) builder.commit(size);
    if (size > 0) return true;
  }
  return write_dtls(builder);
}

std::optional<ice::PathId> Viewer::path_of(const Route& route) const {
  const auto found = std::ranges::find(paths_, route, &Path::route);
  return found == paths_.end() ? std::nullopt : std::optional(found->id);
}

void Viewer::add_path(ice::PathId path, const Route& route) {
  paths_.push_back({path, route});
  tell_dtls_of_path();
}

std::optional<Route> Viewer::remove_path(ice::PathId path) {
  const auto found = std::ranges::find(paths_, path, &Path::id);
  if (found == paths_.end()) return std::nullopt;
  const Route route = found->route;
  outlet.reset();
  paths_.erase(found);
  agent_.handle_path_gone(path);
  if (handshake_path_ == path) handshake_path_.reset();
  tell_dtls_of_path();
  return route;
}

const Route* Viewer::selected_route() const {
  const auto selected = agent_.selected() ? agent_.selected() : handshake_path_;
  if (!selected) return nullptr;
  const auto found = std::ranges::find(paths_, *selected, &Path::id);
  return found == paths_.end() ? nullptr : &found->route;
}

const Route* Viewer::home_route() const {
  const Route* selected = selected_route();
  if (selected != nullptr || paths_.empty()) return selected;
  return &paths_.front().route;
}

void Viewer::rename_routes(const std::function<Route(const Route&)>& rename) {
  outlet.reset();
  for (Path& path : paths_) path.route = rename(path.route);
}

std::vector<std::string> Viewer::names() const {
  std::vector<std::string> all = ufrags;
  all.push_back(session_);
  return all;
}

void Viewer::end(ViewerEnd reason) {
  if (!end_) end_ = reason;
}

void Viewer::restart_ice(const rtc::IceCredentials& local, const rtc::IceCredentials& remote) {
  offer_.ice = remote;
  etag_ = etag_of(local);
  agent_.restart(agent_credentials(local), agent_credentials(remote));
}

}  // namespace porthole::node
