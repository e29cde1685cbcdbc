#include "check/page.hpp"

#include <gtest/gtest.h>

namespace porthole::check {
namespace {

constexpr const char* kStreams =
    R"([{"name":"door","state":"starting"},{"name":"garden","state":"live"},{"name":"yard","state":"live"}])";

TEST(CheckPage, TakesTheStreamThatWasAskedForOrTheFirstLiveOne) {
  EXPECT_EQ(*choose_stream(kStreams, "yard"), "yard");
  EXPECT_EQ(*choose_stream(kStreams, ""), "garden");
  EXPECT_EQ(*choose_stream(R"([{"name":"door","state":"starting"}])", ""), "door");
}

TEST(CheckPage, SaysWhichStreamsThereAre) {
  const auto none = choose_stream(kStreams, "attic");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().reason, Reason::no_stream);
  EXPECT_EQ(none.error().detail,
            "There is no stream attic. The server has these streams: door, garden, yard.");
  EXPECT_EQ(choose_stream("[]", "").error().detail, "The server has no streams.");
}

TEST(CheckPage, NamesThatNoServerWouldGiveAreNotSaidAgain) {
  const auto none =
      choose_stream("[{\"name\":\"a\\u001b[2J\"},{\"name\":7},{\"name\":\"a/b\"},{},[],7]", "x");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().detail, "There is no stream x. The server has no streams.");
}

TEST(CheckPage, NestedNonsenseIsNoList) {
  for (const std::string& json : {std::string("{}"), std::string("nonsense"), std::string(),
                                  std::string(100'000, '['), "[" + std::string(1000, '{')}) {
    ASSERT_FALSE(choose_stream(json, "")) << json.substr(0, 20);
    EXPECT_EQ(choose_stream(json, "").error().reason, Reason::bad_answer);
  }
}

}  // namespace
}  // namespace porthole::check
