#include "media/sea.hpp"

#include <numbers>
#include <utility>

namespace porthole::media {
namespace {

constexpr int kTop = kGlassY - kGlassRadius;
constexpr int kLeft = kGlassX - kGlassRadius;
constexpr int kHorizon = kGlassY - 4;  // No wave is higher than kHorizon - kHighest.
constexpr int kHighest = 24;
constexpr int kBoatWidth = 92;
constexpr int kBoatHeight = 96;

// Waves are sums of two sines, so that none looks like the one before.
struct Wave {
  int level;         // Pixels below the horizon.
  double amplitude;  // Pixels.
  double length;     // Pixels from crest to crest.
  double speed;      // Pixels per second; the texture drifts along.
  Rgb colour;
};

constexpr std::array<Wave, 3> kWaves{{{4, 5, 90, -37, {0.24F, 0.42F, 0.50F}},
                                      {46, 11, 150, 61, {0.10F, 0.34F, 0.46F}},
                                      {112, 16, 230, -97, {0.05F, 0.22F, 0.36F}}}};

// How strong the ripples are, in levels of brightness. They are what fills the 2.5 Mbit/s.
constexpr int kRipple = 44;
constexpr int kFoam = 70;       // Brightness added at the crest,
constexpr int kFoamDepth = 12;  // fading out over so many pixels.

double wave_height(const Wave& wave, double x, double seconds) {
  const double phase = 2 * std::numbers::pi * (x - wave.speed * seconds) / wave.length;
  const double swell = 2 * std::numbers::pi * (x + wave.speed * 0.4 * seconds) / (wave.length * 2.3);
  return wave.amplitude * (0.7 * std::sin(phase) + 0.5 * std::sin(swell));
}

// Value noise, smoothed along x: short horizontal glints. Wraps at its edges.
std::vector<std::uint8_t> make_texture(int size) {
  const auto count = static_cast<std::size_t>(size) * static_cast<std::size_t>(size);
  std::vector<std::uint8_t> noise(count);
  std::uint32_t state = 0x9e3779b9;
  for (std::uint8_t& value : noise) {
    state = state * 1664525U + 1013904223U;
    value = static_cast<std::uint8_t>(state >> 24);
  }
  std::vector<std::uint8_t> smooth(count);
  for (int y = 0; y < size; ++y) {
    for (int x = 0; x < size; ++x) {
      int sum = 0;
      for (int i = 0; i < 9; ++i) sum += noise[static_cast<std::size_t>(y * size + ((x + i) & (size - 1)))];
      // The sum of nine spreads less than one of them: pull it apart again.
      smooth[static_cast<std::size_t>(y * size + x)] =
          static_cast<std::uint8_t>(std::clamp(128 + (sum - 9 * 128) / 3, 0, 255));
    }
  }
  return smooth;
}

// Sails and hull as shares of the pixels that they cover.
Painting paint_boat(std::vector<std::uint8_t>& ink) {
  constexpr Rgb kSail{0.96F, 0.95F, 0.90F};
  constexpr Rgb kHull{0.72F, 0.13F, 0.11F};
  Painting art(kBoatWidth, kBoatHeight);
  ink.assign(static_cast<std::size_t>(kBoatWidth * kBoatHeight), 0);
  art.paint({0, 0, kBoatWidth, kBoatHeight}, [&](double x, double y) {
    const double down = y - 4;  // The mast begins here, at x = 46, and the sails end 66 below.
    const bool jib = x < 43 && down > 8 && y < 68 && 43 - x < (down - 8) * 0.55;
    const bool main = x > 48 && down > 0 && y < 70 && x - 48 < down * 0.58;
    const bool mast = x >= 44 && x <= 47 && y > 2 && y < 76;
    const bool hull = y >= 74 && y < 92 && x > 4 + (y - 74) * 0.9 && x < 90 - (y - 74) * 0.7;
    const Rgb colour = hull ? kHull : mast ? kHull * 0.4F : main ? kSail : kSail * 0.82F;
    const bool covered = jib || main || mast || hull;
    ink[static_cast<std::size_t>(static_cast<int>(y) * kBoatWidth + static_cast<int>(x))] = covered ? 255 : 0;
    return std::pair(colour, covered ? 1.0F : 0.0F);
  });
  return art;
}

}  // namespace

Sea::Sea() : texture_(make_texture(kTextureSize)) {
  boat_ = paint_boat(boat_ink_).to_frame();
  glass_.resize(static_cast<std::size_t>(kWidth * kWidth));
  for (int y = 0; y < kWidth; ++y) {
    const double dy = y + 0.5 - kGlassRadius;
    half_chord_[static_cast<std::size_t>(y)] =
        static_cast<int>(std::sqrt(kGlassRadius * kGlassRadius - dy * dy)) - 1;
    for (int x = 0; x < kWidth; ++x) {
      const double rim = (kGlassRadius - std::hypot(x + 0.5 - kGlassRadius, dy)) / 26;
      glass_[static_cast<std::size_t>(y * kWidth + x)] =
          static_cast<std::uint8_t>(255 * (0.25 + 0.75 * std::clamp(rim, 0.0, 1.0)));
    }
  }
}

Rect Sea::sky() {
  constexpr int kAbove = kHighest + kBoatHeight;
  return {kLeft, kHorizon - kAbove, kWidth, kAbove + kWaves[0].level + kHighest};
}

Sea::Surface Sea::surface_at(double seconds) const {
  Surface surface{};
  for (std::size_t layer = 0; layer < kLayers; ++layer) {
    for (std::size_t x = 0; x < kWidth; ++x) {
      const double height = wave_height(kWaves[layer], static_cast<double>(x), seconds);
      surface[layer][x] = kHorizon + kWaves[layer].level - static_cast<int>(std::lround(height));
    }
  }
  surface[kLayers].fill(kPatternHeight);
  return surface;
}

void Sea::draw(AVFrame& frame, double seconds) const {
  const Surface surface = surface_at(seconds);
  for (int layer = 0; layer < kLayers; ++layer) {
    if (layer == kLayers - 1) draw_boat(frame, surface, seconds);  // The nearest waves hide its keel.
    draw_layer(frame, layer, surface, seconds);
  }
}

void Sea::draw_layer(AVFrame& frame, int layer, const Surface& surface, double seconds) const {
  const auto at = static_cast<std::size_t>(layer);
  const Yuv colour = to_yuv(kWaves[at].colour);
  const int drift = static_cast<int>(std::lround(-kWaves[at].speed * seconds * 0.8));
  for (int y = kHorizon + kWaves[at].level - kHighest; y < kTop + kWidth; ++y) {
    draw_luma_row(frame, layer, y, surface, drift);
    if (y % 2 != 0) continue;
    const int chord = half_chord_[static_cast<std::size_t>(y - kTop)];
    for (int x = kGlassRadius - chord; x < kGlassRadius + chord; x += 2) {
      const auto column = static_cast<std::size_t>(x);
      if (y < surface[at][column] || y >= surface[at + 1][column]) continue;
      frame.data[1][y / 2 * frame.linesize[1] + (kLeft + x) / 2] = colour.u;
      frame.data[2][y / 2 * frame.linesize[2] + (kLeft + x) / 2] = colour.v;
    }
  }
}

void Sea::draw_luma_row(AVFrame& frame, int layer, int y, const Surface& surface, int drift) const {
  const auto at = static_cast<std::size_t>(layer);
  const int base = to_yuv(kWaves[at].colour).y;
  const int chord = half_chord_[static_cast<std::size_t>(y - kTop)];
  const std::uint8_t* glass = &glass_[static_cast<std::size_t>((y - kTop) * kWidth)];
  const std::uint8_t* ripples = &texture_[static_cast<std::size_t>((y & (kTextureSize - 1)) * kTextureSize)];
  std::uint8_t* row = frame.data[0] + y * frame.linesize[0] + kLeft;
  for (int x = kGlassRadius - chord; x < kGlassRadius + chord; ++x) {
    const auto column = static_cast<std::size_t>(x);
    const int depth = y - surface[at][column];
    if (depth < 0 || y >= surface[at + 1][column]) continue;
    const int foam = depth < kFoamDepth ? kFoam * (kFoamDepth - depth) / kFoamDepth : 0;
    const int ripple = (ripples[(x + drift) & (kTextureSize - 1)] - 128) * kRipple / 128;
    const int bright = std::clamp(base + foam + ripple, 16, 235);
    row[x] = static_cast<std::uint8_t>(16 + (((bright - 16) * glass[x]) >> 8));
  }
}

void Sea::draw_boat(AVFrame& frame, const Surface& surface, double seconds) const {
  // From side to side in 24 s.
  const double across = 0.5 - 0.5 * std::cos(2 * std::numbers::pi * seconds / 24);
  const int x0 = static_cast<int>(40 + across * (kWidth - 80 - kBoatWidth));
  const int y0 = surface[1][static_cast<std::size_t>(x0 + kBoatWidth / 2)] - kBoatHeight + 14;
  for (int y = 0; y < kBoatHeight; ++y) {
    for (int x = 0; x < kBoatWidth; ++x) {
      if (boat_ink_[static_cast<std::size_t>(y * kBoatWidth + x)] == 0) continue;
      const int px = kLeft + x0 + x;
      const int py = y0 + y;
      frame.data[0][py * frame.linesize[0] + px] = boat_->data[0][y * boat_->linesize[0] + x];
      if (px % 2 != 0 || py % 2 != 0) continue;
      for (const int plane : {1, 2}) {
        frame.data[plane][py / 2 * frame.linesize[plane] + px / 2] =
            boat_->data[plane][y / 2 * boat_->linesize[plane] + x / 2];
      }
    }
  }
}

}  // namespace porthole::media
