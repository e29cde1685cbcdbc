// Which packets of one source have come: its sequence numbers (RFC 3550 appendix A.1), with what is missing
// in between.
#pragma once

#include <array>
#include <cstdint>

namespace porthole::load {

class SequenceTracker {
 public:
  enum class Verdict : std::uint8_t {
    next,       // The one after the highest.
    ahead,      // Beyond the next: those in between are missing.
    late,       // One that was missing.
    duplicate,  // Has come before, or is too old to tell.
  };

  Verdict note(std::uint16_t sequence);

  // From the first to the highest.
  std::uint64_t expected() const { return started_ ? highest_ - first_ + 1 : 0; }
  // Without duplicates.
  std::uint64_t received() const { return received_; }
  std::uint64_t missing() const { return expected() - received_; }
  // With the number of cycles in the upper 16 bits, as reports have it.
  std::uint32_t highest() const { return static_cast<std::uint32_t>(highest_); }
  bool has(std::uint16_t sequence) const;

 private:
  // Sequence numbers behind the highest that are remembered one by one.
  static constexpr std::uint64_t kWindow = 4096;

  // The number without wrapping that is nearest to the highest.
  std::uint64_t extend(std::uint16_t sequence) const;
  bool bit(std::uint64_t extended) const;
  void set_bit(std::uint64_t extended, bool value);
  void advance(std::uint64_t extended);

  bool started_ = false;
  std::uint64_t first_ = 0;
  std::uint64_t highest_ = 0;
  std::uint64_t received_ = 0;
  std::array<std::uint64_t, kWindow / 64> window_{};
};

}  // namespace porthole::load
