// Fragments that say what they are of, in place of MP4.
#pragma once

#include <string>

#include "base/bytes.hpp"
#include "base/fragment.hpp"

namespace porthole::node::test {

class FakeFragmenter final : public Fragmenter {
 public:
  std::optional<Fragment> add(const EncodedFrame& frame) override {
    if (!begun_ && !frame.keyframe) return std::nullopt;
    Fragment fragment;
    fragment.keyframe = frame.keyframe;
    const auto number = std::chrono::duration_cast<std::chrono::milliseconds>(frame.pts).count();
    const std::string text = (frame.keyframe ? "key " : "delta ") + std::to_string(number);
    fragment.bytes.assign(text.begin(), text.end());
    fragment.bytes.resize(std::max(text.size(), frame.bytes.size()), '.');
    if (!begun_) fragment.init = InitSegment{"video/mp4", 1000, {'i', 'n', 'i', 't'}};
    begun_ = true;
    return fragment;
  }

 private:
  bool begun_ = false;
};

class FakeFragmenterFactory final : public FragmenterFactory {
 public:
  std::unique_ptr<Fragmenter> make() override {
    ++made;
    return std::make_unique<FakeFragmenter>();
  }
  int made = 0;
};

}  // namespace porthole::node::test
