#include "load/sequence_tracker.hpp"

namespace porthole::load {
namespace {

constexpr std::uint64_t kCycle = 65'536;

}  // namespace

SequenceTracker::Verdict SequenceTracker::note(std::uint16_t sequence) {
  if (!started_) {
    started_ = true;
    // One cycle up, so that what comes before the first has a number too.
    first_ = highest_ = kCycle + sequence;
    received_ = 1;
    set_bit(highest_, true);
    return Verdict::next;
  }
  const std::uint64_t extended = extend(sequence);
  if (extended > highest_) {
    const Verdict verdict = extended == highest_ + 1 ? Verdict::next : Verdict::ahead;
    advance(extended);
    return verdict;
  }
  if (extended < first_ || highest_ - extended >= kWindow || bit(extended)) return Verdict::duplicate;
  set_bit(extended, true);
  ++received_;
  return Verdict::late;
}

bool SequenceTracker::has(std::uint16_t sequence) const {
  const std::uint64_t extended = extend(sequence);
  return started_ && extended <= highest_ && highest_ - extended < kWindow && bit(extended);
}

void SequenceTracker::advance(std::uint64_t extended) {
  if (extended - highest_ >= kWindow) {
    window_.fill(0);
  } else {
    for (std::uint64_t missing = highest_ + 1; missing < extended; ++missing) set_bit(missing, false);
  }
  highest_ = extended;
  set_bit(extended, true);
  ++received_;
}

std::uint64_t SequenceTracker::extend(std::uint16_t sequence) const {
  const auto ahead = static_cast<std::uint16_t>(sequence - static_cast<std::uint16_t>(highest_));
  return ahead < kCycle / 2 ? highest_ + ahead : highest_ + ahead - kCycle;
}

bool SequenceTracker::bit(std::uint64_t extended) const {
  return ((window_[extended % kWindow / 64] >> (extended % 64)) & 1U) != 0;
}

void SequenceTracker::set_bit(std::uint64_t extended, bool value) {
  const std::uint64_t mask = std::uint64_t{1} << (extended % 64);
  std::uint64_t& word = window_[extended % kWindow / 64];
  word = value ? word | mask : word & ~mask;
}

}  // namespace porthole::load
