// A broadcast as fragments for those who watch by WebSocket: made once for all of them, and only while there
// are any.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "base/fragment.hpp"

namespace porthole::node {

class SocketViewer;

// What is the same for all viewers, WebSocket's own header included. Immutable, so that any number may hold
// it.
using SharedBytes = std::shared_ptr<const std::vector<std::uint8_t>>;

struct SharedFragment {
  bool keyframe = false;
  bool after_gap = false;  // See Fragment.
  SharedBytes message;
  SharedBytes
      introduction;  // Messages that a viewer must have had before: the type in words, and the init segment.
};

// Beyond these nothing is kept until the next keyframe, as in rtc::GopCache.
constexpr std::size_t kMaxGroupBytes = 8'000'000;
constexpr std::size_t kMaxGroupFrames = 600;

class FragmentStream {
 public:
  // The next frame of the H.264 rendition. nullptr while nobody watches, and for what nobody could show.
  const SharedFragment* add(std::shared_ptr<const EncodedFrame> frame);

  // Each viewer joins once and leaves once.
  void join(SocketViewer& viewer, FragmenterFactory& factory);
  void leave(SocketViewer& viewer);
  std::span<SocketViewer* const> viewers() const { return viewers_; }

  // A keyframe and all that follows it, oldest first, for who joins; empty while there is nothing to start
  // from.
  std::span<const SharedFragment> fragments() const { return fragments_; }

 private:
  bool keep(std::shared_ptr<const EncodedFrame> frame);
  const SharedFragment* make(const EncodedFrame& frame);
  void forget();

  // Frames since the last keyframe: the first viewer who comes starts from them.
  std::vector<std::shared_ptr<const EncodedFrame>> group_;
  std::size_t group_bytes_ = 0;

  std::unique_ptr<Fragmenter> fragmenter_;  // Null while nobody watches.
  SharedBytes introduction_;                // Of what comes from it now.
  std::vector<SharedFragment> fragments_;   // Of the frames in group_.
  SharedFragment latest_;
  std::vector<SocketViewer*> viewers_;  // Borrowed: each leaves before it goes.
};

}  // namespace porthole::node
