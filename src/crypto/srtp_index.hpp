// Where a packet stands among all of its source: the index behind a 16-bit sequence number, and what came
// before.
#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace porthole::crypto {

// RFC 3711 section 9.2: after so many packets under one master key another key is needed.
constexpr std::uint64_t kMaxRtpIndex = (std::uint64_t{1} << 48) - 1;
constexpr std::uint64_t kMaxRtcpIndex = (std::uint64_t{1} << 31) - 1;

// RFC 3711 section 3.3.1: the index (rollover counter, then sequence number) that is closest to the highest
// so far. Where that would be before the counter's first round, the first round is meant.
constexpr std::uint64_t rtp_index_near(std::uint64_t highest, std::uint16_t sequence) {
  const auto distance = static_cast<std::int16_t>(sequence - static_cast<std::uint16_t>(highest));
  const auto index = static_cast<std::int64_t>(highest) + distance;
  return static_cast<std::uint64_t>(index < 0 ? index + 0x1'0000 : index);
}

// RFC 3711 section 3.3.2: which of the newest kSize indices were seen. Older ones count as seen.
template <std::size_t kSize>
class ReplayWindow {
 public:
  std::uint64_t near(std::uint16_t sequence) const {
    return next_ == 0 ? sequence : rtp_index_near(next_ - 1, sequence);
  }

  bool is_new(std::uint64_t index) const {
    return index >= next_ || (next_ - index <= kSize && !seen_[index % kSize]);
  }

  // Only what proved authentic.
  void add(std::uint64_t index) {
    if (index >= next_ + kSize) {
      seen_.reset();
      next_ = index;
    }
    for (; next_ <= index; ++next_) seen_[next_ % kSize] = false;
    seen_[index % kSize] = true;
  }

 private:
  std::uint64_t next_ = 0;   // One beyond the highest.
  std::bitset<kSize> seen_;  // A ring.
};

// The windows of the sources that sent something authentic.
template <std::size_t kSize>
class ReplayWindows {
 public:
  using Window = ReplayWindow<kSize>;

  // Null for a stranger.
  Window* find(std::uint32_t ssrc) {
    for (Source& source : sources_) {
      if (source.ssrc == ssrc) return &source.window;
    }
    return nullptr;
  }
  Window& add(std::uint32_t ssrc) { return sources_.emplace_back(Source{ssrc, {}}).window; }
  std::size_t size() const { return sources_.size(); }

 private:
  struct Source {
    std::uint32_t ssrc = 0;
    Window window;
  };
  std::vector<Source> sources_;
};

}  // namespace porthole::crypto
