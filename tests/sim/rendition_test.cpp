// VP8 beside H.264, for browsers without the latter: there while somebody needs it, and not before or after.
#include <gtest/gtest.h>

#include "simulated_browser.hpp"

namespace porthole::sim {
namespace {

std::vector<bool> vp8_wishes(const Simulation& simulation) {
  std::vector<bool> wishes;
  for (const auto& wish : simulation.renditions_wanted) {
    if (wish.codec == VideoCodec::vp8) wishes.push_back(wish.wanted);
  }
  return wishes;
}

TEST(Rendition, Vp8IsWantedWithTheFirstViewerThatNeedsItAndNotAfterTheLast) {
  Simulation simulation{{}};
  SimulatedBrowser chromium(simulation, {});
  chromium.join();
  simulation.run_for(2s);
  EXPECT_EQ(chromium.codec(), VideoCodec::h264);
  EXPECT_TRUE(vp8_wishes(simulation).empty());

  SimulatedBrowser first(simulation, {.engine = Engine::firefox});
  SimulatedBrowser second(simulation, {.engine = Engine::firefox, .path = "turn-tcp"});
  first.join();
  simulation.run_for(2s);
  EXPECT_EQ(vp8_wishes(simulation), std::vector<bool>{true});
  second.join();
  simulation.run_for(2s);
  first.leave();
  simulation.run_for(2s);
  EXPECT_EQ(vp8_wishes(simulation), std::vector<bool>{true});
  second.fall_silent();
  simulation.run_for(40s);
  EXPECT_EQ(vp8_wishes(simulation), (std::vector<bool>{true, false}));

  for (const SimulatedBrowser* browser : {&first, &second}) {
    ASSERT_TRUE(browser->is_playing());
    EXPECT_EQ(browser->codec(), VideoCodec::vp8);
    EXPECT_EQ(browser->video().count().missing, 0U);
    EXPECT_EQ(browser->video().count().corrupt, 0U);
  }
  EXPECT_EQ(chromium.video().count().missing, 0U);
}

TEST(Rendition, ASecondLifeBeginsWithAFreshKeyframe) {
  Simulation simulation{{}};
  SimulatedBrowser first(simulation, {.engine = Engine::firefox});
  first.join();
  simulation.run_for(5s);
  first.leave();
  simulation.run_for(60s);
  const std::uint32_t before = first.video().count().last;

  SimulatedBrowser second(simulation, {.engine = Engine::firefox});
  second.join();
  simulation.run_for(2s);
  ASSERT_TRUE(second.is_playing());
  // Nothing that was encoded a minute ago.
  EXPECT_GT(second.video().count().first, before);
  EXPECT_EQ(vp8_wishes(simulation), (std::vector<bool>{true, false, true}));
}

TEST(Rendition, AViewerThatNeverComesThroughIsNoReasonToEncode) {
  Simulation simulation{{}};
  SimulatedBrowser browser(simulation, {.engine = Engine::firefox, .never_checks = true});
  browser.join();
  simulation.run_for(node::kSetupTimeout + 1s);
  EXPECT_EQ(vp8_wishes(simulation), (std::vector<bool>{true, false}));
}

class EveryOffer : public testing::TestWithParam<const char*> {};

TEST_P(EveryOffer, OfARealBrowserPlays) {
  Simulation simulation{{}};
  const bool firefox = std::string_view(GetParam()).starts_with("firefox");
  SimulatedBrowser browser(simulation,
                           {.engine = firefox ? Engine::firefox : Engine::chromium, .offer = GetParam()});
  browser.join();
  simulation.run_for(2s);
  ASSERT_TRUE(browser.is_playing());
  EXPECT_EQ(browser.codec(), firefox ? VideoCodec::vp8 : VideoCodec::h264);
  EXPECT_EQ(browser.video().count().missing, 0U);
}

INSTANTIATE_TEST_SUITE_P(Offers, EveryOffer,
                         testing::Values("chromium-156-audio-video", "chromium-156-max-bundle",
                                         "chromium-156-video", "chromium-156-video-audio-data",
                                         "firefox-153-audio-video", "firefox-153-audio-video-gathered",
                                         "firefox-153-max-bundle", "firefox-153-video",
                                         "firefox-153-video-audio-data"));

}  // namespace
}  // namespace porthole::sim
