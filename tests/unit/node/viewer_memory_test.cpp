#include <gtest/gtest.h>

#include "support/heap.hpp"
#include "unit/node/joining_viewer.hpp"
#include "unit/node/node_fixture.hpp"

namespace porthole::node {
namespace {

using porthole::test::heap_bytes;

// What one may hold for as long as it watches, whatever is shared among all: it is held a thousand times. The
// program's bound is 48 KB of resident memory, with what malloc wastes and the frames that a stream keeps.
constexpr std::size_t kMaxViewerBytes = 24 * 1024;

TEST(ViewerMemory, AWatchingViewerHoldsLittle) {
  constexpr WallTime kToday(std::chrono::seconds(1'800'000'000));
  porthole::test::SeededRandom random{1};
  const auto server = crypto::OpenSslDtlsFactory::create(*crypto::Certificate::self_signed(kToday));
  const auto browser = crypto::OpenSslDtlsFactory::create(*crypto::Certificate::self_signed(kToday));
  NodeOptions options;
  options.port = 8443;
  options.addresses = {*IpAddress::parse("203.0.113.1")};
  options.secrets = {"a secret"};
  const auto node = std::make_unique<Node>(options, *server, random);
  node->add_broadcast("cam");
  const auto batch = std::make_unique<TransmitBatch>();

  constexpr std::size_t kViewers = 20;
  std::size_t before = 0;
  for (std::size_t i = 0; i <= kViewers; ++i) {
    if (i == 1) before = heap_bytes();  // What the first one made for all is there.
    const std::string remote = "192.0.2." + std::to_string(i + 1) + ":5000";
    ASSERT_TRUE(test::JoiningViewer(*node, *browser, remote, Instant(1h)).join(*batch));
    while (node->poll_event()) {
    }
  }
  EXPECT_LT((heap_bytes() - before) / kViewers, kMaxViewerBytes);
}

}  // namespace
}  // namespace porthole::node
