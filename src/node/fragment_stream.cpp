#include "node/fragment_stream.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "wire/websocket.hpp"

namespace porthole::node {
namespace {

SharedBytes share(std::vector<std::uint8_t> bytes) {
  return std::make_shared<const std::vector<std::uint8_t>>(std::move(bytes));
}

// In words first, so that the page can prepare for the bytes.
SharedBytes introduce(const InitSegment& init) {
  const std::string words = nlohmann::json{{"type", init.type}, {"timescale", init.timescale}}.dump();
  auto messages = wire::write_websocket_frame(wire::WebSocketOpcode::text, as_bytes(words));
  const auto segment = wire::write_websocket_frame(wire::WebSocketOpcode::binary, init.bytes);
  messages.insert(messages.end(), segment.begin(), segment.end());
  return share(std::move(messages));
}

}  // namespace

const SharedFragment* FragmentStream::add(std::shared_ptr<const EncodedFrame> frame) {
  const EncodedFrame& added = *frame;
  const bool is_kept = keep(std::move(frame));
  if (!fragmenter_) return nullptr;
  if (added.keyframe || !is_kept) fragments_.clear();
  const SharedFragment* made = make(added);
  if (made != nullptr && is_kept) fragments_.push_back(*made);
  return made;
}

// False when it is not part of what a viewer could start from.
bool FragmentStream::keep(std::shared_ptr<const EncodedFrame> frame) {
  if (frame->keyframe) forget();
  if (!frame->keyframe && group_.empty()) return false;
  group_bytes_ += frame->bytes.size();
  group_.push_back(std::move(frame));
  if (group_bytes_ <= kMaxGroupBytes && group_.size() <= kMaxGroupFrames) return true;
  forget();
  return false;
}

void FragmentStream::forget() {
  group_.clear();
  group_bytes_ = 0;
}

const SharedFragment* FragmentStream::make(const EncodedFrame& frame) {
  const auto fragment = fragmenter_->add(frame);
  if (!fragment) return nullptr;
  if (fragment->init) introduction_ = introduce(*fragment->init);
  latest_ = {fragment->keyframe, fragment->after_gap,
             share(wire::write_websocket_frame(wire::WebSocketOpcode::binary, fragment->bytes)),
             introduction_};
  return &latest_;
}

void FragmentStream::join(SocketViewer& viewer, FragmenterFactory& factory) {
  viewers_.push_back(&viewer);
  if (fragmenter_) return;
  fragmenter_ = factory.make();
  for (const auto& frame : group_) {
    if (const SharedFragment* made = make(*frame)) fragments_.push_back(*made);
  }
}

void FragmentStream::leave(SocketViewer& viewer) {
  std::erase(viewers_, &viewer);
  if (!viewers_.empty()) return;
  fragmenter_.reset();
  introduction_.reset();
  fragments_.clear();
  latest_ = {};
}

}  // namespace porthole::node
