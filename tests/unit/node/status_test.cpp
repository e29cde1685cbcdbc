#include "node/status.hpp"

#include "node_fixture.hpp"

namespace porthole::node {
namespace {

using testing::HasSubstr;

class StatusTest : public test::NodeFixture {};

TEST_F(StatusTest, HealthIsOkWhileTheNodeAnswers) {
  const HttpResponse response = send(request("GET", "/healthz"));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(find_header(response.headers, "Content-Type"), "application/json");
  EXPECT_EQ(response.body, R"({"status":"ok"})");
}

TEST_F(StatusTest, StreamsAreListedWithWhatTheyDo) {
  node.add_broadcast("attic");
  node.set_status("cam", {BroadcastStatus::State::reconnecting, "no route to \"camera\"\n"});
  node.set_status("attic", {BroadcastStatus::State::live, ""});
  node.set_status("nobody", {BroadcastStatus::State::live, ""});
  EXPECT_EQ(send(request("GET", "/api/v1/streams")).body,
            R"([{"detail":"","name":"attic","state":"live","viewers":0},)"
            R"({"detail":"no route to \"camera\"\n","name":"cam","state":"reconnecting","viewers":0}])");
}

TEST_F(StatusTest, ASourcesWordsMayBeInAnyEncoding) {
  node.set_status("cam", {BroadcastStatus::State::reconnecting, "caf\xe9"});
  EXPECT_EQ(send(request("GET", "/api/v1/streams")).status, 200);
}

TEST_F(StatusTest, IceServersComeWithCredentialsForADay) {
  const HttpResponse response = send(request("GET", "/ice"));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(find_header(response.headers, "Cache-Control"), "no-store");
  EXPECT_THAT(response.body, HasSubstr("turn:cam.example:8443?transport=tcp"));
  // 1,800,000,000 and a day.
  EXPECT_THAT(response.body, HasSubstr("\"username\":\"1800086400"));
}

TEST_F(StatusTest, NobodySharesAUserOfTurn) {
  EXPECT_NE(send(request("GET", "/ice")).body, send(request("GET", "/ice")).body);
}

TEST_F(StatusTest, OnlyReadingIsAllowed) {
  for (const char* path : {"/healthz", "/api/v1/streams", "/ice"}) {
    EXPECT_EQ(send(request("HEAD", path)).status, 200);
    for (const char* method : {"POST", "PUT", "DELETE"}) {
      const HttpResponse response = send(request(method, path));
      EXPECT_EQ(response.status, 405);
      EXPECT_EQ(find_header(response.headers, "Allow"), "GET, HEAD");
    }
  }
}

TEST_F(StatusTest, PagesAreSomebodyElses) {
  for (const char* path : {"/", "/cam", "/whep", "/icecream", "/healthz/more", "/api/v1/streamsx"}) {
    EXPECT_FALSE(node.handle_http(request("GET", path), now).has_value()) << path;
  }
}

}  // namespace
}  // namespace porthole::node
