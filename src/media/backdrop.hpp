// The still part of the test pattern: a brass porthole, the wordmark, the clock's panel, a ruler, colour
// bars.
#pragma once

#include "media/painting.hpp"

namespace porthole::media {

constexpr int kPatternWidth = 1280;
constexpr int kPatternHeight = 720;

// The glass of the porthole, behind which the sea moves.
constexpr int kGlassX = 330;
constexpr int kGlassY = 388;
constexpr int kGlassRadius = 216;

constexpr Rect kClockArea{656, 284, 588, 70};
constexpr Rect kFrameArea{656, 376, 325, 36};
// The ball runs along this, once a second.
constexpr Rect kTrackArea{656, 484, 584, 36};

Painting paint_backdrop();

}  // namespace porthole::media
