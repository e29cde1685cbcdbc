#include "media/backdrop.hpp"

#include <numbers>
#include <utility>

#include "media/picture_code.hpp"

namespace porthole::media {
namespace {

constexpr Rgb kNight{0.035F, 0.065F, 0.125F};
constexpr Rgb kDusk{0.065F, 0.16F, 0.26F};
constexpr Rgb kBrass{0.80F, 0.60F, 0.26F};
constexpr Rgb kBrassDark{0.28F, 0.18F, 0.07F};
constexpr Rgb kBrassLight{1.0F, 0.90F, 0.62F};
constexpr Rgb kInk{0.02F, 0.04F, 0.08F};
constexpr Rgb kPaper{0.80F, 0.88F, 0.94F};

constexpr int kRingOuter = kGlassRadius + 44;
constexpr int kBolts = 12;

// Changes so slowly that four pixels can share a colour.
void paint_wall(Painting& art) {
  for (int y = 0; y < art.height(); y += 2) {
    for (int x = 0; x < art.width(); x += 2) {
      const double light = std::exp(-std::hypot(x - kGlassX, y - kGlassY) / 420);
      const auto down = static_cast<float>(y) / kPatternHeight;
      const Rgb colour = mix(kNight, kDusk, 0.45F * down + 0.75F * static_cast<float>(light));
      art.at(x, y) = art.at(x + 1, y) = art.at(x, y + 1) = art.at(x + 1, y + 1) = colour;
    }
  }
}

// Brass lit from above left: the brightness follows the angle, with a groove at both rims.
Rgb brass(double x, double y, double radius) {
  const double angle = std::atan2(y - kGlassY, x - kGlassX);
  const auto lit = static_cast<float>(0.5 + 0.5 * std::cos(angle + std::numbers::pi * 0.75));
  const double across = (radius - kGlassRadius) / (kRingOuter - kGlassRadius);
  const auto round = static_cast<float>(std::sin(std::numbers::pi * across));
  const Rgb base = mix(kBrassDark, kBrass, 0.35F + 0.65F * round);
  return mix(base * (0.55F + 0.45F * lit), kBrassLight, 0.55F * lit * lit * round);
}

// Calls shade for the pixels whose distance from the middle of the glass is between the two radii, roughly.
template <class Shade>
void paint_around_glass(Painting& art, int inner, int outer, Shade&& shade) {
  for (int dy = -outer; dy < outer; ++dy) {
    const int reach = static_cast<int>(std::sqrt(outer * outer - dy * dy));
    const int hole = std::abs(dy) < inner ? static_cast<int>(std::sqrt(inner * inner - dy * dy)) : 0;
    art.paint({kGlassX - reach, kGlassY + dy, reach - hole, 1}, shade);
    art.paint({kGlassX + hole, kGlassY + dy, reach - hole, 1}, shade);
  }
}

void paint_ring(Painting& art) {
  constexpr int kShadow = 24;
  paint_around_glass(art, kGlassRadius, kRingOuter + kShadow, [](double x, double y) {
    const double out = std::hypot(x - kGlassX - 6, y - kGlassY - 10) - kRingOuter;
    return std::pair(kInk, static_cast<float>(std::clamp(0.6 - out / kShadow, 0.0, 0.6)));
  });
  paint_around_glass(art, kGlassRadius - 2, kRingOuter + 2, [](double x, double y) {
    const double radius = std::hypot(x - kGlassX, y - kGlassY);
    return std::pair(brass(x, y, radius),
                     coverage(radius - kRingOuter) * (1 - coverage(radius - kGlassRadius)));
  });
  for (int bolt = 0; bolt < kBolts; ++bolt) {
    const double angle = 2 * std::numbers::pi * (bolt + 0.5) / kBolts;
    const double bolt_x = kGlassX + (kGlassRadius + 22) * std::cos(angle);
    const double bolt_y = kGlassY + (kGlassRadius + 22) * std::sin(angle);
    const Rect around{static_cast<int>(bolt_x) - 12, static_cast<int>(bolt_y) - 12, 25, 25};
    art.paint(around, [&](double x, double y) {
      return std::pair(kBrassDark * 0.7F, coverage(std::hypot(x - bolt_x - 1, y - bolt_y - 2) - 10));
    });
    art.paint(around, [&](double x, double y) {
      const auto lit = static_cast<float>(0.5 - (x - bolt_x + y - bolt_y) / 26);
      return std::pair(mix(kBrassDark, kBrassLight, lit), coverage(std::hypot(x - bolt_x, y - bolt_y) - 8.5));
    });
  }
}

// Sky and sun behind the glass; the sea is drawn over its lower part in every picture.
void paint_sky(Painting& art) {
  constexpr Rgb kZenith{0.16F, 0.30F, 0.52F};
  constexpr Rgb kHorizon{0.98F, 0.70F, 0.46F};
  constexpr Rgb kSun{1.0F, 0.93F, 0.72F};
  paint_around_glass(art, 0, kGlassRadius + 1, [&](double x, double y) {
    const double radius = std::hypot(x - kGlassX, y - kGlassY);
    const auto down = static_cast<float>(std::clamp((y - kGlassY + kGlassRadius) / kGlassRadius, 0.0, 1.0));
    const double sun = std::hypot(x - kGlassX - 70, y - kGlassY + 46);
    Rgb colour = mix(kZenith, kHorizon, down * down);
    colour = mix(colour, kSun, static_cast<float>(0.6 * std::exp(-std::max(sun - 34, 0.0) / 45)));
    colour = mix(colour, kSun, coverage(sun - 34));
    const double rim = std::clamp((kGlassRadius - radius) / 26, 0.0, 1.0);
    return std::pair(colour * static_cast<float>(0.25 + 0.75 * rim), coverage(radius - kGlassRadius));
  });
}

void paint_words(Painting& art) {
  art.text("PORTHOLE", 656, 92, 104, 11, kBrassDark * 0.6F);
  art.text("PORTHOLE", 652, 88, 104, 11, mix(kBrass, kBrassLight, 0.45F));
  art.text("A WHOLE BROADCAST BEHIND ONE PORT", 656, 218, 24, 2.4, kPaper * 0.8F);
  art.box({636, 264, 616, 172}, 18, kInk, 0.72F);
  art.text("UTC", kClockArea.x + kClockArea.width - 84, kFrameArea.y, kFrameArea.height, 3.6, kBrass);
}

void paint_track(Painting& art) {
  constexpr int kTicks = 10;
  const int middle = kTrackArea.y + kTrackArea.height / 2;
  art.box({kTrackArea.x, middle - 2, kTrackArea.width, 4}, 2, kPaper, 0.45F);
  for (int tick = 0; tick <= kTicks; ++tick) {
    const int x = kTrackArea.x + 16 + (kTrackArea.width - 32) * tick / kTicks;
    const int length = tick % 5 == 0 ? 18 : 10;
    art.box({x - 1, middle + 24, 3, length}, 1, kPaper, 0.6F);
  }
}

void paint_bars(Painting& art) {
  constexpr Rgb kBars[] = {{0.75F, 0.75F, 0.75F}, {0.75F, 0.75F, 0}, {0, 0.75F, 0.75F}, {0, 0.75F, 0},
                           {0.75F, 0, 0.75F},     {0.75F, 0, 0},     {0, 0, 0.75F}};
  constexpr int kLeft = 636;
  constexpr int kWidth = 88;
  int x = kLeft;
  for (const Rgb& bar : kBars) {
    art.box({x, 582, kWidth, 64}, 0, bar);
    x += kWidth;
  }
  art.paint({kLeft, 650, 7 * kWidth, 22}, [](double px, double) {  // A grey ramp shows crushed blacks.
    const auto level = static_cast<float>((px - kLeft) / (7 * kWidth));
    return std::pair(Rgb{level, level, level}, 1.0F);
  });
}

}  // namespace

Painting paint_backdrop() {
  Painting art(kPatternWidth, kPatternHeight);
  paint_wall(art);
  paint_ring(art);
  paint_sky(art);
  paint_words(art);
  paint_track(art);
  paint_bars(art);
  art.box({0, 0, kPatternWidth, kCodeRows * kPatternHeight / kCodeGridRows}, 0, {});
  return art;
}

}  // namespace porthole::media
