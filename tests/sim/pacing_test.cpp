// How a viewer's packets are spread over time: what no link on the way could swallow at once does not leave
// at once, and what can still be in time is.
#include <gtest/gtest.h>

#include "rtc/pacer.hpp"
#include "simulated_browser.hpp"

namespace porthole::sim {
namespace {

constexpr Duration kFrameTime = Duration(1s) / 30;

class Pacing : public testing::Test {
 protected:
  struct Burst {
    Instant at{};
    std::size_t bytes = 0;
  };

  void watch(std::size_t keyframe_bytes, std::uint32_t keyframe_interval) {
    Simulation::Options options;
    options.source.keyframe_bytes = keyframe_bytes;
    options.source.keyframe_interval = keyframe_interval;
    options.source.frame_bytes = 10'400;
    simulation_ = std::make_unique<Simulation>(options);
    simulation_->on_batch = [this](const TransmitBatch& batch) { note(batch); };
    browser_ = std::make_unique<SimulatedBrowser>(*simulation_, SimulatedBrowser::Options{});
  }

  void note(const TransmitBatch& batch) {
    if (bursts_.empty() || bursts_.back().at != simulation_->now())
      bursts_.push_back({simulation_->now(), 0});
    bursts_.back().bytes += batch.size;
  }

  void join_and_settle() {
    browser_->join();
    simulation_->run_for(5s);
    ASSERT_TRUE(browser_->is_playing());
    bursts_.clear();
  }

  // When the next keyframe began to leave; no other frame is so long.
  Instant watch_a_keyframe() {
    simulation_->source().request_keyframe(VideoCodec::h264);
    simulation_->run_for(3 * kFrameTime);
    const auto found = std::ranges::find_if(bursts_, [](const Burst& burst) { return burst.bytes > 30'000; });
    return found == bursts_.end() ? Instant{} : found->at;
  }

  std::size_t bytes_until(Instant instant) const {
    std::size_t bytes = 0;
    for (const Burst& burst : bursts_) bytes += burst.at <= instant ? burst.bytes : 0;
    return bytes;
  }
  void expect_short_bursts() const {
    for (const Burst& burst : bursts_) EXPECT_LE(burst.bytes, rtc::kMaxBurst + 200) << "room for a report";
  }

  std::unique_ptr<Simulation> simulation_;
  std::unique_ptr<SimulatedBrowser> browser_;
  std::vector<Burst> bursts_;
};

TEST_F(Pacing, AnOrdinaryFrameIsOneBurst) {
  watch(30'000, 1'000'000);
  join_and_settle();
  simulation_->run_for(1s);
  const auto frames = std::ranges::count_if(bursts_, [](const Burst& burst) { return burst.bytes > 10'000; });
  EXPECT_NEAR(static_cast<double>(frames), 30, 1);
}

TEST_F(Pacing, NoBurstIsLongerThanALastLinkSwallows) {
  watch(300'000, 15);
  join_and_settle();
  simulation_->run_for(5s);
  expect_short_bursts();
  EXPECT_EQ(browser_->video().count().missing, 0U);
}

TEST_F(Pacing, AKeyframeThatWouldBeLateIsSpreadOverOneFrameTime) {
  watch(800'000, 1'000'000);
  join_and_settle();
  const Instant began = watch_a_keyframe();
  expect_short_bursts();
  const std::size_t before = bytes_until(began - 1us);
  EXPECT_GT(bytes_until(began + kFrameTime - 1us) - before, 800'000U) << "all of it before the next frame";
  EXPECT_LT(bytes_until(began + kFrameTime / 2) - before, 500'000U) << "evenly";
}

TEST_F(Pacing, CachedPicturesAreNotHurried) {
  watch(600'000, 1'000'000);
  simulation_->run_for(2s);
  browser_->join();
  simulation_->run_for(5s);
  ASSERT_TRUE(browser_->is_playing());
  expect_short_bursts();
  const auto first = std::ranges::find_if(bursts_, [](const Burst& burst) { return burst.bytes > 10'000; });
  // A hundred megabits a second; live frames come on top.
  EXPECT_LT(bytes_until(first->at + 40ms) - bytes_until(first->at), 40U * 12'500 + rtc::kMaxBurst);
  EXPECT_GT(bytes_until(first->at + 200ms), 1'200'000U);
}

}  // namespace
}  // namespace porthole::sim
