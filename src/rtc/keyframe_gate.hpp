// Lets through at most one keyframe request in a while, however many viewers ask.
#pragma once

#include <cstdint>
#include <optional>

#include "base/time.hpp"

namespace porthole::rtc {

// A keyframe costs every viewer several frames' worth of bytes. Receivers repeat their requests, and half a
// second is about what a viewer who lost the keyframe itself waits for the next.
constexpr Duration kKeyframeInterval = 500ms;

// For viewers whose path is too slow for the stream. They need one keyframe after another, and one slow
// viewer must not make the picture worse for everybody: encoders here make a keyframe every 2 s unasked.
constexpr Duration kPatientInterval = 2s;

enum class Urgency : std::uint8_t { prompt, patient };

// One for each rendition of a broadcast. A request that comes too early is not lost: it waits for the end of
// the interval, and is forgotten when a keyframe comes first.
class KeyframeGate {
 public:
  // A viewer needs a keyframe (PLI, FIR, a queue that overflowed, a join without a cached keyframe).
  void request(Instant now, Urgency urgency = Urgency::prompt);
  // A keyframe was delivered, asked for or not.
  void handle_keyframe(Instant now);

  // True, once, when the source is to be asked now.
  bool poll_request(Instant now);
  // When poll_request() will be true; Instant::max() while nobody waits.
  Instant next_timeout() const { return due_; }

 private:
  Instant due_ = Instant::max();
  // The last keyframe or request for one.
  std::optional<Instant> last_;
};

}  // namespace porthole::rtc
