#include "node/neighbours.hpp"

#include <gtest/gtest.h>

namespace porthole::node {
namespace {

constexpr WorkerId kFirst{0};
constexpr WorkerId kSecond{1};
constexpr WorkerId kThird{2};

Route route(std::uint16_t port, turn::AllocationId allocation = turn::AllocationId::none) {
  Route made;
  made.path.remote = {IpAddress::v4(0xC000'0201), port};
  made.allocation = allocation;
  return made;
}

class NeighboursTest : public testing::Test {
 protected:
  template <class Content>
  std::optional<Content> next(WorkerId to) {
    auto parcel = neighbours.poll();
    if (!parcel || parcel->to != to || !std::holds_alternative<Content>(parcel->content)) return std::nullopt;
    return std::get<Content>(std::move(parcel->content));
  }

  Neighbours neighbours{{kSecond, 3}};
};

TEST_F(NeighboursTest, ANameTellsWhoGaveIt) {
  const std::string name = neighbours.name("token");
  EXPECT_EQ(name, "Btoken");
  EXPECT_EQ(neighbours.whereabouts(name, false), std::nullopt) << "it is ours, and here nobody has it";
  EXPECT_EQ(neighbours.whereabouts("Ctoken", false), kThird);
  EXPECT_EQ(neighbours.whereabouts("Ctoken", true), std::nullopt)
      << "asked twice, it would go round for ever";
  EXPECT_EQ(neighbours.whereabouts("Dtoken", false), std::nullopt) << "there are three workers";
  EXPECT_EQ(neighbours.whereabouts("+token", false), std::nullopt);
  EXPECT_EQ(neighbours.whereabouts("", false), std::nullopt);
}

TEST_F(NeighboursTest, AViewerThatLeftIsFoundByItsName) {
  neighbours.note_departure({"Bname", "Aname"}, kThird);
  EXPECT_EQ(neighbours.whereabouts("Bname", true), kThird);
  EXPECT_EQ(neighbours.whereabouts("Aname", false), kFirst) << "whoever gave a name knows where it is";
  neighbours.note_names({{"Bname"}, false}, kThird);
  EXPECT_EQ(neighbours.whereabouts("Bname", true), std::nullopt);
  EXPECT_EQ(neighbours.size(), 0U);
}

TEST_F(NeighboursTest, WhoGaveANameIsToldWhereItHasGone) {
  neighbours.note_arrival({"Aname", "Bname", "Cname"}, kThird);
  const auto told = next<NamesMoved>(kFirst);
  ASSERT_TRUE(told);
  EXPECT_EQ(told->names, std::vector<std::string>{"Aname"});
  EXPECT_TRUE(told->are_in_use);
  EXPECT_FALSE(neighbours.poll()) << "the worker that sent the viewer knows";
}

TEST_F(NeighboursTest, ARouteHasOneTenant) {
  neighbours.lend(route(1), kFirst);
  EXPECT_EQ(neighbours.tenant(route(1)), kFirst);
  EXPECT_EQ(neighbours.tenant(route(2)), std::nullopt);
  EXPECT_FALSE(neighbours.take_back(route(1), kThird)) << "it is not the third one's to return";
  EXPECT_TRUE(neighbours.take_back(route(1), kFirst));
  EXPECT_EQ(neighbours.tenant(route(1)), std::nullopt);
}

TEST_F(NeighboursTest, ATenantIsToldThatItsRouteIsGone) {
  neighbours.lend(route(1, turn::AllocationId{7}), kFirst);
  neighbours.lend(route(2, turn::AllocationId{8}), kThird);
  neighbours.drop_allocation(turn::AllocationId{7});
  const auto gone = next<RouteGone>(kFirst);
  ASSERT_TRUE(gone);
  EXPECT_EQ(gone->route.worker, kSecond) << "as others know it";
  EXPECT_FALSE(neighbours.poll());
  EXPECT_EQ(neighbours.size(), 1U);
}

TEST_F(NeighboursTest, PacketsThatAreCarriedAreBoundedAndNothingElseIsLost) {
  for (std::size_t i = 0; i < kMaxCarriedPackets + 10; ++i) neighbours.carry(kFirst, {route(1), {}, {1}});
  neighbours.send(kFirst, RouteReturned{route(2)});
  for (std::size_t i = 0; i < kMaxCarriedPackets; ++i) ASSERT_TRUE(next<PacketForYou>(kFirst));
  EXPECT_TRUE(next<RouteReturned>(kFirst));
  EXPECT_FALSE(neighbours.poll());
  neighbours.carry(kFirst, {route(1), {}, {1}});
  EXPECT_TRUE(next<PacketForYou>(kFirst)) << "there is room again";
}

}  // namespace
}  // namespace porthole::node
