// A broadcast: what a source delivers, made ready once for all who watch.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/frame.hpp"
#include "node/fragment_stream.hpp"
#include "rtc/gop_cache.hpp"
#include "rtc/keyframe_gate.hpp"
#include "rtc/packetizer.hpp"
#include "rtc/send_stream.hpp"

namespace porthole::node {

class Viewer;

struct BroadcastStatus {
  enum class State { starting, live, reconnecting };
  State state = State::starting;
  std::string detail;  // For people, one line.
};

// One codec's worth of a broadcast.
class Rendition {
 public:
  // Frames that no decoder could use give nullptr.
  rtc::FramePtr add(const EncodedFrame& frame, Instant now);
  // Nothing that comes continues what is here.
  void forget_frames() { cache_.clear(); }

  // A viewer that is to come needs the rendition to exist; one that is connected is fed. Each viewer is
  // counted once and leaves once.
  void expect() { ++expected_; }
  void feed(Viewer& viewer, Instant now);
  // The same for one that another worker has fed before.
  void resume(Viewer& viewer, Instant now);
  void leave(Viewer& viewer);
  // The same in two steps, for one who goes elsewhere: it is expected until it has arrived there.
  void stop_feeding(Viewer& viewer) { std::erase(viewers_, &viewer); }
  // For who was expected and is not fed, or no longer.
  void forgo() { --expected_; }

  bool is_expected() const { return expected_ > 0; }
  std::span<Viewer* const> viewers() const { return viewers_; }
  // Whether the source was told that it is wanted; Node's to keep.
  bool is_announced = false;

  rtc::KeyframeGate& gate() { return gate_; }
  const rtc::KeyframeGate& gate() const { return gate_; }

 private:
  void take_up(Viewer& viewer, rtc::SendStream::Enqueued enqueued, Instant now);

  rtc::H264Packetizer h264_;
  rtc::Vp8Packetizer vp8_;
  rtc::GopCache cache_;
  rtc::KeyframeGate gate_;
  std::size_t expected_ = 0;
  std::vector<Viewer*> viewers_;  // Borrowed: each leaves before it goes.
};

class Broadcast {
 public:
  explicit Broadcast(std::string name) : name_(std::move(name)) {}

  const std::string& name() const { return name_; }
  BroadcastStatus status;

  Rendition& rendition(VideoCodec codec) { return renditions_[static_cast<std::size_t>(codec)]; }
  const Rendition& rendition(VideoCodec codec) const { return renditions_[static_cast<std::size_t>(codec)]; }

  // For those who watch by WebSocket.
  FragmentStream& fragments() { return fragments_; }
  const FragmentStream& fragments() const { return fragments_; }

  // The next frame of one of the renditions; the viewers that now have something to send are that
  // rendition's. False when nobody could use it.
  bool push(const EncodedFrame& frame, Instant now);

  // "42e01f", of the source's own sequence parameter set; empty before the first keyframe.
  const std::string& profile_level_id() const { return profile_level_id_; }

 private:
  std::string name_;
  std::array<Rendition, 2> renditions_;
  FragmentStream fragments_;
  std::string profile_level_id_;
};

// Best first: H.264 comes from the source as it is or is encoded anyway, VP8 is one more encoder.
constexpr std::array<VideoCodec, 2> kCodecs{VideoCodec::h264, VideoCodec::vp8};

// By name, in the order of the alphabet.
using Broadcasts = std::map<std::string, Broadcast, std::less<>>;

}  // namespace porthole::node
